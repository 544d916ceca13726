// What Clerk's own library decides about requests: cases come as JSON on stdin, answers go to stdout.
import { readFileSync } from 'node:fs';
import { createClerkClient } from '@clerk/backend';

const fields = [
  'id', 'subject', 'name', 'claims', 'scopes', 'userId', 'orgId', 'machineId', 'clientId',
  'tokenType', 'isAuthenticated',
];
const { options, cases } = JSON.parse(readFileSync(0, 'utf8'));
const clerk = createClerkClient(options);
const answers = [];
for (const { url, headers, acceptsToken } of cases) {
  const request = new Request(url, { headers });
  const state = await clerk.authenticateRequest(request, { ...options, acceptsToken });
  const auth = state.toAuth();
  answers.push({
    status: state.status,
    reason: state.reason,
    tokenType: state.tokenType,
    isSentAway: state.headers.has('location'),
    auth: auth && Object.fromEntries(fields.map((name) => [name, auth[name] ?? null])),
    token: auth?.isAuthenticated ? await auth.getToken() : null,
    has: auth?.has?.({ role: 'org:admin' }) ?? false,
  });
}
process.stdout.write(JSON.stringify(answers));

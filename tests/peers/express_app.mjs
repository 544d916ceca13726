// An Express app with Clerk's own middleware, configured by nothing but CLERK_* variables.
import { clerkClient, clerkMiddleware, getAuth } from '@clerk/express';
import express from 'express';

const app = express();
app.use(clerkMiddleware({ proxyUrl: process.env.CLERK_PROXY_URL }));

app.get('/me', (request, response) => {
  const auth = getAuth(request);
  response.status(auth.userId ? 200 : 401).json({
    userId: auth.userId,
    sessionId: auth.sessionId,
    orgId: auth.orgId,
    orgSlug: auth.orgSlug,
    orgRole: auth.orgRole,
    actor: auth.actor,
    tokenType: auth.tokenType,
  });
});

app.get('/has', (request, response) => {
  response.json({ has: getAuth(request).has(request.query) });
});

app.get('/token', async (request, response) => {
  response.json({ jwt: await getAuth(request).getToken({ template: request.query.template }) });
});

app.get('/user', async (request, response) => {
  response.json((await clerkClient.users.getUser(getAuth(request).userId)).raw);
});

app.get('/machine', (request, response) => {
  const auth = getAuth(request, { acceptsToken: ['api_key', 'm2m_token', 'oauth_token'] });
  response.status(auth.isAuthenticated ? 200 : 401).json({
    id: auth.id,
    subject: auth.subject,
    scopes: auth.scopes,
    claims: auth.claims,
  });
});

// What the library's own client makes of any call: /call/users/getCount with arguments as JSON.
app.post('/call/:family/:name', express.json(), async (request, response) => {
  const family = clerkClient[request.params.family];
  response.json({ answer: await family[request.params.name](...request.body) });
});

app.use((error, request, response, next) => {
  const codes = (error.errors ?? []).map((each) => each.code);
  response.status(500).json({ message: error.message, status: error.status, codes });
});

const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));

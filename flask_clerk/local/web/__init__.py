"""The local Clerk over HTTP: Frontend API, Backend API, pages and dashboard, as one blueprint."""

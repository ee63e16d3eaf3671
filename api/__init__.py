"""The GraphQL server: schema assembly, HTTP, WebSocket, errors, pages of connections."""

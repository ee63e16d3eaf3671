"""No GraphQL: asynchronous Django views, each written for its question, with orjson."""

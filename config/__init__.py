"""How the parts are joined: environment, settings, servers, tasks, logging."""

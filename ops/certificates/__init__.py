"""Certificates by ACME: asked for and renewed by certbot, handed to nginx, watched there. Runs in the certbot container."""

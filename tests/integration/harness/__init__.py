"""What the integration tests share: a private server (stack), X displays and the
clients on them, pictures and their comparison, waiting. Standard library only."""

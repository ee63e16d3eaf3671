"""The product: one package per business area, the same files in each."""

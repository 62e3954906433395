"""What goes in and out over HTTP, as models: the OpenAPI document is made of them."""

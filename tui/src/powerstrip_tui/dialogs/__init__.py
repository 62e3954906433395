"""Small windows over a screen: questions, help, choices."""

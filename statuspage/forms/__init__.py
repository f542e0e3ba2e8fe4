"""Forms of the manage side; those of subscribers are in `forms_subscribers`."""

"""What text messages and calls by Twilio share."""

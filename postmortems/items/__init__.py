"""Action items: what reminds of them, what they change, and the issues of trackers they are kept alike with."""

"""What past incidents say: sums in SQL, one statement a figure, for page, CSV and API alike."""

"""What Watchbill itself watches: signs of life that stay away, and checks it makes."""

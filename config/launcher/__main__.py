import sys

from config.launcher.main import main

sys.exit(main(sys.argv[1:]))

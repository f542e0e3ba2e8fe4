import "./styles/index.css";
import "@github/relative-time-element";
import "./lib/htmx.ts";
import "./lib/forms.ts";
import "./lib/menus.ts";
import "./lib/keys.ts";
import "./lib/lists.ts";
import "./lib/dialogs.ts";
import "./live/targets.ts";
import "./elements/ack.ts";
import "./elements/board.ts";
import "./elements/clock.ts";
import "./elements/composer.ts";
import "./elements/copy.ts";
import "./elements/document.ts";
import "./elements/live.ts";
import "./elements/offline.ts";
import "./elements/palette.ts";
import "./elements/preferences.ts";
import "./elements/presence.ts";
import "./elements/push.ts";
import "./elements/sound.ts";
import "./elements/timeline.ts";
import "./elements/tasks.ts";
import "./elements/toasts.ts";

// A large chunk of its own, for the one page that draws a map; without it the list says the same.
if (document.querySelector("wb-map")) {
  void import("./map/element.ts").catch(() => { location.search = "view=list"; });
}

// Shows the state of __BASE__ where this script stands.
(() => {
  "use strict";
  const frame = document.createElement("iframe");
  frame.src = "__BASE__widget.html";
  frame.title = "Status";
  frame.loading = "lazy";
  frame.width = "320";
  frame.height = "64";
  frame.style.border = "0";
  frame.style.colorScheme = "light dark";
  document.currentScript.after(frame);
})();

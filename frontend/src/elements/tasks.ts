/** The task that another one waits for stands out while its name is pointed at or has the focus. */
function mark(event: Event, wanted: boolean): void {
  const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>(".task__wait") : null;
  if (link) document.getElementById(link.hash.slice(1))?.classList.toggle("is-wanted", wanted);
}

for (const name of ["pointerover", "focusin"]) document.addEventListener(name, (event) => mark(event, true));
for (const name of ["pointerout", "focusout"]) document.addEventListener(name, (event) => mark(event, false));

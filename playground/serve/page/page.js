// The visitor's side of a visit: who they are, and what they are told at its end.
//
// The terminal itself is textual.js. It takes the address of its web socket from the element's data, and begins with
// window.onload: so what stands here must run before that, and the fonts must be there before the terminal measures
// them. A link's secret is never part of an address that is asked for: it stands after the #, is taken out of the
// address bar at once, and is the first thing that is said over the web socket. It stays with this tab, so that
// reloading the page comes back in the same role.
"use strict";

(() => {
  const SIZES = [8, 15, 48]; // of the font: least, usual, most; 15 makes a cell of 9 x 18 points
  const NEEDED = [60, 20]; // columns and rows without which nothing can be drawn
  const CELL = [0.62, 1.25]; // of the font's size, and a little more: cells are whole points
  const STALE = "this link opens nothing, or not any more";
  const SAYS = { quit: "You have left the playground.", "": "The connection has ended." };

  const address = new URL(window.location.href);
  const asked = address.searchParams;
  const name = (asked.get("name") || "").slice(0, 100);
  // On a telephone the usual letters would leave no room for the picture.
  const room = Math.min(window.innerWidth / NEEDED[0] / CELL[0], window.innerHeight / NEEDED[1] / CELL[1]);
  const size = Math.round(Number(asked.get("fontsize"))) || Math.min(SIZES[1], Math.floor(room));

  function kept(secret) {
    try {
      if (secret) window.sessionStorage.setItem("key", secret);
      return secret || window.sessionStorage.getItem("key") || "";
    } catch {
      return secret; // a browser that keeps nothing
    }
  }
  function forget() {
    try {
      window.sessionStorage.removeItem("key");
    } catch {
      return; // nothing was kept
    }
  }
  const key = kept(new URLSearchParams(address.hash.slice(1)).get("key") || "").slice(0, 200);

  const plain = new URL(address.pathname, address);
  for (const each of ["name", "fontsize"]) if (asked.has(each)) plain.searchParams.set(each, asked.get(each));
  window.history.replaceState(null, "", plain);
  // Another link into a page that is open already.
  window.addEventListener("hashchange", () => window.location.reload());

  window.WebSocket = class extends window.WebSocket {
    constructor(url) {
      super(url);
      this.addEventListener("open", () => this.send(JSON.stringify(["enter", { name, key }])));
      this.addEventListener("close", (event) => {
        if (event.reason === STALE) forget(); // of a playground that has ended; this one may let in anybody
        over(SAYS[event.reason] || event.reason);
      });
    }
    send(data) {
      if (this.readyState === window.WebSocket.OPEN) super.send(data); // a key after the end is no error
    }
  };

  function over(text) {
    document.getElementById("says").textContent = text;
    document.body.classList.add("-closed");
    document.getElementById("again").focus();
  }

  const begin = window.onload;
  window.onload = async (event) => {
    document.getElementById("again").addEventListener("click", () => window.location.reload());
    const element = document.getElementById("terminal");
    element.dataset.sessionWebsocketUrl = new URL("ws", plain).href.replace(/^http/, "ws").split("?")[0];
    element.dataset.fontSize = Math.min(SIZES[2], Math.max(SIZES[0], size));
    const faces = ["400", "700"].map((weight) => document.fonts.load(`${weight} 15px "Roboto Mono"`, "A⣿"));
    await Promise.allSettled(faces);
    try {
      begin(event);
    } catch {
      over("This browser cannot draw the terminal: it needs WebGL 2.");
      return;
    }
    document.querySelector(".xterm-helper-textarea")?.focus();
  };
})();

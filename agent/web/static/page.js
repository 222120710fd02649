// Pages work without this. With it, times show the reader's own zone when pointed at, and a page that nobody works on keeps up with the data.
"use strict";

const REFRESH_MS = 60000;

function localTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.title = new Date(time.dateTime).toLocaleString();
  }
}

function isBusy() {
  const inForm = document.activeElement && document.activeElement.closest("form");
  const unfolded = document.querySelector("main details[open]");
  return document.hidden || inForm || unfolded || !getSelection().isCollapsed;
}

async function refresh() {
  if (isBusy()) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of ["header", "main"]) {
      document.querySelector(part).replaceWith(fresh.querySelector(part));
    }
    localTimes();
  } catch {
    // The agent is away: what is shown stays, and says of when it is.
  }
}

localTimes();
setInterval(refresh, REFRESH_MS);

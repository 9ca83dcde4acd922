// What all pages share: the search shortcut, copying, drafts, the menu on small screens, errors of parts, charts' twins.
(function () {
  "use strict";

  document.addEventListener("keydown", function (event) {
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      var box = document.querySelector("[data-shortcut='/']");
      if (box) { event.preventDefault(); box.focus(); box.select(); }
    }
  });

  function copies(root) {
    if (!navigator.clipboard) { return; }
    root.querySelectorAll("[data-copy]").forEach(function (button) { button.hidden = false; });
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (button) { navigator.clipboard.writeText(button.getAttribute("data-copy")); button.classList.add("text-success"); }
    var all = event.target.closest("[data-check-all]");
    if (all) {
      all.closest("form, table").querySelectorAll("input[name='row']").forEach(function (box) { box.checked = all.checked; });
    }
  });

  // a select or box that sends its form when it changes; without a script there is a button
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-send]")) { event.target.form.requestSubmit ? event.target.form.requestSubmit() : event.target.form.submit(); }
  });

  // a form that takes a while says so as soon as it is sent
  document.addEventListener("submit", function (event) {
    var note = event.target.matches("[data-busy]") && event.target.querySelector("[data-busy-note]");
    if (note) { note.hidden = false; event.target.setAttribute("aria-busy", "true"); }
  });

  // drafts: a form with data-draft="address" is kept on the server while it is being filled in
  function drafts(root) {
    root.querySelectorAll("form[data-draft]").forEach(function (form) {
      var timer = null;
      form.addEventListener("input", function () {
        clearTimeout(timer);
        timer = setTimeout(function () {
          var told = new FormData();
          new FormData(form).forEach(function (value, name) { if (typeof value === "string") { told.append(name, value); } });
          fetch(form.getAttribute("data-draft"), { method: "POST", body: told, credentials: "same-origin" });
        }, 1000);
      });
    });
  }

  function parts(root) { copies(root); drafts(root); }

  document.addEventListener("DOMContentLoaded", function () {
    parts(document);
    var menu = document.querySelector("[data-menu]");
    if (menu && window.matchMedia("(max-width: 767px)").matches) { menu.open = false; }
  });
  document.addEventListener("htmx:load", function (event) { parts(event.detail.elt); });
  // every form of ours carries the mark against strangers' forms; htmx sends it for elements outside of forms
  document.addEventListener("htmx:configRequest", function (event) {
    var mark = document.querySelector("[name=csrfmiddlewaretoken]");
    if (mark && event.detail.verb !== "get" && !event.detail.parameters.csrfmiddlewaretoken) {
      event.detail.headers["X-CSRFToken"] = mark.value;
    }
  });
  // a part that could not be fetched says so at the top, with its number for the log
  document.addEventListener("htmx:responseError", function (event) {
    var place = document.getElementById("notices");
    if (place && /^\s*</.test(event.detail.xhr.responseText)) { place.innerHTML = event.detail.xhr.responseText; place.scrollIntoView(); }
  });
  // one of these hints open at a time, and Escape closes it
  document.addEventListener("toggle", function (event) {
    if (event.target.matches && event.target.matches("details.explain, .tbl-bar details") && event.target.open) {
      document.querySelectorAll("details.explain[open], .tbl-bar details[open]").forEach(function (other) { if (other !== event.target) { other.open = false; } });
    }
  }, true);
  document.addEventListener("keyup", function (event) {
    if (event.key === "Escape") {
      document.querySelectorAll("details.explain[open], .tbl-bar details[open]").forEach(function (each) { each.open = false; });
    }
  });
})();

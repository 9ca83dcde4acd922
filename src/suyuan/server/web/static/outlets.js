// The list of outlets: nearest to me, and a sketch of where those of the page lie. Both come on top of a page that works without.
(function () {
  "use strict";

  function nearest() {
    var button = document.querySelector("button[data-near]");
    if (!button || !navigator.geolocation) { return; }
    button.hidden = false;
    button.addEventListener("click", function () {
      button.disabled = true;
      navigator.geolocation.getCurrentPosition(
        function (found) {
          // three decimals are about a hundred metres: enough to find an outlet, too coarse for a door
          button.form.elements.near.value = found.coords.longitude.toFixed(3) + "," + found.coords.latitude.toFixed(3);
          button.form.submit();
        },
        function () {
          button.disabled = false;
          document.getElementById("no-position").hidden = false;
        },
        { timeout: 10000, maximumAge: 600000 }
      );
    });
  }

  function mark(text, extra) {
    return L.divIcon({ className: "place-mark " + extra, html: text, iconSize: [26, 26] });
  }

  function sketch() {
    var place = document.getElementById("outlet-map");
    if (!place || !window.L) { return; }
    document.getElementById("outlet-map-part").hidden = false;
    var map = L.map(place, { attributionControl: false, zoomControl: false, maxZoom: 16, minZoom: 2, zoomAnimation: false, fadeAnimation: false });
    L.control.zoom({ zoomInTitle: place.dataset.closer, zoomOutTitle: place.dataset.farther }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    var corners = [];
    document.querySelectorAll(".outlets > li").forEach(function (row, index) {
      if (!row.dataset.longitude) { return; }
      var at = [Number(row.dataset.latitude), Number(row.dataset.longitude)];
      corners.push(at);
      var name = index + 1 + " " + row.dataset.name;
      L.marker(at, { icon: mark(String(index + 1), ""), title: name, alt: name }).addTo(map).on("click keypress", function () {
        location.hash = row.id;
        row.querySelector("a").focus();
      });
    });
    if (place.dataset.near) {
      var here = place.dataset.near.split(",");
      var at = [Number(here[1]), Number(here[0])];
      corners.push(at);
      L.marker(at, { icon: mark("★", "you"), title: place.dataset.here, alt: place.dataset.here, keyboard: false, zIndexOffset: 1000 }).addTo(map);
    }
    map.fitBounds(corners, { padding: [30, 30], maxZoom: 13 });
  }

  document.addEventListener("DOMContentLoaded", function () { nearest(); sketch(); });
})();

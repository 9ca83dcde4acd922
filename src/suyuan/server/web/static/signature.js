// A signature drawn with finger, pen or mouse; it goes with the form as a picture. Without a script one types a name.
(function () {
  "use strict";

  function pad(box) {
    var canvas = box.querySelector("canvas"), field = box.querySelector("input"), pen = canvas.getContext("2d"), down = false;
    var method = document.getElementById("method-" + box.getAttribute("data-sign"));
    pen.lineWidth = 3; pen.lineCap = "round"; pen.strokeStyle = "#1c2733";

    function at(event) {
      var frame = canvas.getBoundingClientRect();
      return [(event.clientX - frame.left) * canvas.width / frame.width, (event.clientY - frame.top) * canvas.height / frame.height];
    }
    function show() { box.hidden = method.value !== "drawn"; }

    canvas.addEventListener("pointerdown", function (event) {
      var place = at(event);
      down = true; canvas.setPointerCapture(event.pointerId);
      pen.beginPath(); pen.moveTo(place[0], place[1]); event.preventDefault();
    });
    canvas.addEventListener("pointermove", function (event) {
      if (!down) { return; }
      var place = at(event);
      pen.lineTo(place[0], place[1]); pen.stroke(); event.preventDefault();
    });
    ["pointerup", "pointercancel"].forEach(function (name) {
      canvas.addEventListener(name, function () {
        if (down) { down = false; field.value = canvas.toDataURL("image/png"); }
      });
    });
    box.querySelector("[data-sign-clear]").addEventListener("click", function () {
      pen.clearRect(0, 0, canvas.width, canvas.height); field.value = "";
    });
    method.addEventListener("change", show);
    show();
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-sign]").forEach(pad);
  });
})();

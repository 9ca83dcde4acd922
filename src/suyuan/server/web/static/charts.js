// Draws what stands as JSON beside each [data-chart]: canvas, tooltips as rich text (no HTML, no style attributes of others).
(function () {
  "use strict";
  var dark = function () { return document.body.classList.contains("wall"); };
  var ink = function () { return dark() ? "#e8eef4" : "#1c2733"; };
  var BRIGHT = ["#6cb8ff", "#7bd3a3", "#ffd166", "#f49ac1", "#8fd3ff", "#d9c95b", "#b9a7ff", "#5ed0d0"];
  var COLOURS = ["#0b5cad", "#2f8f5b", "#b8860b", "#a33b6a", "#3d7ea6", "#7a6a00", "#5b4b9a", "#00798c"];

  function commas(value) { return Number(value).toLocaleString("en-US", { maximumFractionDigits: 1 }); }

  var makers = {
    sankey: function (told, narrow) {
      return {
        series: [{
          type: "sankey", left: 10, right: narrow ? 10 : 130, top: 15, bottom: narrow ? 40 : 15, nodeAlign: "left", draggable: false,
          orient: narrow ? "vertical" : "horizontal", animation: false,
          emphasis: { focus: "adjacency" }, lineStyle: { color: "source", opacity: 0.35 },
          label: { color: ink(), textBorderWidth: 0, overflow: "break", width: narrow ? 80 : 120, fontSize: dark() ? 18 : 12, position: narrow ? "bottom" : "right" },
          data: told.nodes.map(function (node) { return node.colour ? { name: node.name, itemStyle: { color: node.colour } } : { name: node.name }; }),
          links: told.links,
        }],
        tooltip: {
          formatter: function (at) {
            var data = at.data;
            return data.source ? data.source + " → " + data.target + "\n" + commas(data.value) + " " + told.unit
              : at.name + "\n" + commas(at.value) + " " + told.unit;
          },
        },
      };
    },
    // on a map that was installed; its shapes are fetched before (see draw)
    map: function (told) {
      var values = told.places.map(function (one) { return one.value || 0; });
      return {
        visualMap: { left: 10, bottom: 10, min: 0, max: Math.max.apply(null, values.concat([1])), inRange: { color: ["#eef2f6", "#7fb0da", "#08406f"] } },
        series: [{
          type: "map", map: told.geo, nameProperty: "adcode", roam: false, selectedMode: false,
          label: { show: false }, itemStyle: { borderColor: "#8fa3b5" }, data: told.places,
        }],
        tooltip: {
          formatter: function (at) {
            var data = at.data || {};
            return data.label ? data.label + "\n" + (data.value === null || data.value === undefined ? "–" : commas(data.value)) : "";
          },
        },
      };
    },
    line: function (told) { return axes(told, "line"); },
    bar: function (told) { return axes(told, "bar"); },
  };

  function axes(told, type) {
    return {
      grid: { left: 10, right: 20, top: 60, bottom: 10, containLabel: true },
      legend: told.series.length > 1 ? { top: 5, type: "scroll" } : undefined,
      xAxis: { type: "category", data: told.labels },
      yAxis: { type: "value", name: told.unit },
      series: told.series.map(function (one) { return { type: type, name: one.name, data: one.values, showSymbol: false }; }),
      tooltip: { trigger: "axis" },
    };
  }

  function draw(place) {
    if (place.getAttribute("data-drawn") || !window.echarts) { return; }
    var told = JSON.parse(document.getElementById(place.getAttribute("data-chart")).textContent);
    place.setAttribute("data-drawn", "1");
    if (told.kind === "map" && !window.echarts.getMap(told.geo)) {
      fetch(told.geo, { credentials: "same-origin" })
        .then(function (answer) { if (!answer.ok) { throw new Error(told.geo + " " + answer.status); } return answer.json(); })
        .then(function (shapes) { window.echarts.registerMap(told.geo, shapes); paint(place, told); });
      return;
    }
    paint(place, told);
  }

  function paint(place, told) {
    place.hidden = false;
    var option = makers[told.kind](told, place.clientWidth < 600);
    var chart = window.echarts.init(place, null, { renderer: "canvas" });
    option.color = dark() ? BRIGHT : COLOURS;
    option.textStyle = { color: ink() };
    if (option.legend) { option.legend.textStyle = { color: ink() }; }
    option.animation = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    option.aria = { enabled: true, decal: { show: told.kind === "line" || told.kind === "bar" } };
    option.tooltip = Object.assign({ renderMode: "richText", confine: true }, option.tooltip);
    chart.setOption(option);
    chart.on("click", function (at) { if (at.data && at.data.address) { window.location.assign(at.data.address); } });
    window.addEventListener("resize", function () { chart.resize(); });
  }

  function all(root) { root.querySelectorAll("[data-chart]").forEach(draw); }
  document.addEventListener("DOMContentLoaded", function () { all(document); });
  document.addEventListener("htmx:load", function (event) { all(event.detail.elt); });
})();

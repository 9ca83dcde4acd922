// Draws what stands as JSON beside each [data-chart]: canvas, tooltips as rich text (no HTML, no style attributes of others).
(function () {
  "use strict";
  var INK = "#1c2733";
  var COLOURS = ["#0b5cad", "#2f8f5b", "#b8860b", "#a33b6a", "#3d7ea6", "#7a6a00", "#5b4b9a", "#00798c"];

  function commas(value) { return Number(value).toLocaleString("en-US", { maximumFractionDigits: 1 }); }

  var makers = {
    sankey: function (told) {
      return {
        series: [{
          type: "sankey", left: 10, right: 130, top: 15, bottom: 15, nodeAlign: "left", draggable: false,
          emphasis: { focus: "adjacency" }, lineStyle: { color: "source", opacity: 0.35 },
          label: { color: INK, overflow: "break", width: 120 },
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
    line: function (told) { return axes(told, "line"); },
    bar: function (told) { return axes(told, "bar"); },
  };

  function axes(told, type) {
    return {
      grid: { left: 10, right: 20, top: 40, bottom: 10, containLabel: true },
      legend: told.series.length > 1 ? { top: 5 } : undefined,
      xAxis: { type: "category", data: told.labels },
      yAxis: { type: "value", name: told.unit },
      series: told.series.map(function (one) { return { type: type, name: one.name, data: one.values, showSymbol: false }; }),
      tooltip: { trigger: "axis" },
    };
  }

  function draw(place) {
    if (place.getAttribute("data-drawn") || !window.echarts) { return; }
    var told = JSON.parse(document.getElementById(place.getAttribute("data-chart")).textContent);
    var option = makers[told.kind](told);
    place.hidden = false;
    place.setAttribute("data-drawn", "1");
    var chart = window.echarts.init(place, null, { renderer: "canvas" });
    option.color = COLOURS;
    option.animation = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    option.aria = { enabled: true, decal: { show: told.kind !== "sankey" } };
    option.tooltip = Object.assign({ renderMode: "richText", confine: true }, option.tooltip);
    chart.setOption(option);
    chart.on("click", function (at) { if (at.data && at.data.address) { window.location.assign(at.data.address); } });
    window.addEventListener("resize", function () { chart.resize(); });
  }

  function all(root) { root.querySelectorAll("[data-chart]").forEach(draw); }
  document.addEventListener("DOMContentLoaded", function () { all(document); });
  document.addEventListener("htmx:load", function (event) { all(event.detail.elt); });
})();

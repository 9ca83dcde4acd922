// The parts of ECharts that the pages use; scripts/vendor.py bundles them.
export * from "echarts/core";
import { use } from "echarts/core";
import { BarChart, HeatmapChart, LineChart, MapChart, PieChart, SankeyChart, ScatterChart, TreeChart } from "echarts/charts";
import {
  AriaComponent, CalendarComponent, DatasetComponent, DataZoomComponent, GeoComponent, GridComponent, LegendComponent,
  MarkLineComponent, TitleComponent, TooltipComponent, VisualMapComponent,
} from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { LabelLayout, UniversalTransition } from "echarts/features";

use([
  BarChart, HeatmapChart, LineChart, MapChart, PieChart, SankeyChart, ScatterChart, TreeChart,
  AriaComponent, CalendarComponent, DatasetComponent, DataZoomComponent, GeoComponent, GridComponent, LegendComponent,
  MarkLineComponent, TitleComponent, TooltipComponent, VisualMapComponent,
  CanvasRenderer, LabelLayout, UniversalTransition,
]);

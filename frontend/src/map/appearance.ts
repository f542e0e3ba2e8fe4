import type { StylesheetJson } from "cytoscape";
import type { Theme } from "./theme.ts";

/** The look of everything on the canvas. Data decides what a box is, classes what is so now. */
export function stylesheet(theme: Theme): StylesheetJson {
  return [...boxes(theme), ...chips(theme), ...states(theme), ...lines(theme), ...moods(theme)] as unknown as StylesheetJson;
}

type Rule = { selector: string; style: Record<string, unknown> };

function boxes(theme: Theme): Rule[] {
  return [
    { selector: "node", style: {
      "shape": "round-rectangle", "corner-radius": "8px", "width": "data(width)", "height": "data(height)",
      "background-color": theme.surface, "border-color": theme.strong, "border-width": 1,
      "font-family": theme.font, "font-size": 13, "font-weight": 500, "color": theme.ink,
      "label": "data(label)", "text-wrap": "wrap", "text-max-width": "1000px", "text-valign": "center", "text-halign": "right",
      "text-margin-x": "data(shift)", "text-justification": "left", "line-height": 1.3, "min-zoomed-font-size": 4,
      "overlay-opacity": 0, "z-index": 10,
    } },
    { selector: "node.service", style: {
      "background-image": "data(icon)", "background-width": "16px", "background-height": "16px",
      "background-position-x": "18px", "background-position-y": "50%", "background-image-containment": "inside",
      "background-fill": "linear-gradient", "background-gradient-direction": "to-right",
      "background-gradient-stop-colors": `data(stripes)`, "background-gradient-stop-positions": "0% 3% 3% 100%",
    } },
    { selector: "node.group", style: {
      "background-fill": "linear-gradient", "background-gradient-direction": "to-right",
      "background-gradient-stop-colors": "data(stripes)", "background-gradient-stop-positions": "0% 3% 3% 100%",
      "ghost": "yes", "ghost-offset-x": 5, "ghost-offset-y": 5, "ghost-opacity": 0.45, "font-weight": 500,
    } },
    { selector: "node.tier-1", style: { "border-width": 3, "border-color": theme.ink } },
    { selector: "node.tier-2", style: { "border-width": 2, "border-color": theme.muted } },
    { selector: "node.tier-4", style: { "border-style": "dashed" } },
    { selector: "node.band", style: {
      "background-color": theme.inset, "background-opacity": 0.55, "border-width": 0, "z-index": 0, "events": "no", "corner-radius": "14px",
      "text-valign": "top", "text-halign": "center", "text-margin-x": 0, "text-margin-y": -8, "font-size": 14, "font-weight": 600,
      "color": theme.muted, "min-zoomed-font-size": 0,
    } },
  ];
}

function chips(theme: Theme): Rule[] {
  return [
    { selector: "node.chip", style: {
      "corner-radius": "10px", "events": "no", "z-index": 20, "font-size": 11, "font-weight": 500, "text-halign": "right",
      "text-margin-x": "data(shift)", "background-image": "data(icon)", "background-width": "11px", "background-height": "11px",
      "background-position-x": "7px", "background-position-y": "50%",
    } },
    { selector: "node.chip-failing", style: { "background-color": theme.dangerFill, "border-color": theme.dangerFill, "color": "#fff" } },
    { selector: "node.chip-hit", style: { "background-color": theme.dangerTint, "border-color": theme.danger, "color": theme.danger } },
    { selector: "node.chip-degraded", style: { "background-color": theme.warnTint, "border-color": theme.warnLine, "color": theme.warn } },
  ];
}

function states(theme: Theme): Rule[] {
  return [
    { selector: "node.failing", style: {
      "border-color": theme.dangerFill, "underlay-color": theme.dangerFill, "underlay-opacity": 0.22, "underlay-padding": 7,
      "underlay-shape": "round-rectangle",
    } },
    { selector: "node.service.hit, node.group.hit", style: { "border-color": theme.danger } },
    { selector: "node.service.degraded, node.group.degraded", style: { "border-color": theme.warn } },
  ];
}

function lines(theme: Theme): Rule[] {
  return [
    { selector: "edge", style: {
      "curve-style": "straight", "source-endpoint": "data(from)", "target-endpoint": "data(to)",
      "width": "data(width)", "line-color": theme.strong, "line-opacity": 0.75, "target-arrow-shape": "triangle", "target-arrow-color": theme.strong,
      "arrow-scale": 0.85, "events": "no", "z-index": 5, "overlay-opacity": 0,
    } },
    { selector: "edge.bent", style: {
      "curve-style": "round-segments", "edge-distances": "endpoints", "segment-weights": "data(weights)",
      "segment-distances": "data(distances)", "segment-radii": [14],
    } },
    { selector: "edge.soft", style: { "line-style": "dashed", "line-dash-pattern": [6, 5] } },
    { selector: "edge.trouble-hit", style: { "line-color": theme.danger, "target-arrow-color": theme.danger, "line-opacity": 1, "z-index": 7 } },
    { selector: "edge.trouble-degraded", style: { "line-color": theme.warn, "target-arrow-color": theme.warn, "line-opacity": 1, "z-index": 6 } },
    { selector: "edge.merged", style: {
      "label": "data(label)", "font-size": 10, "font-family": theme.font, "color": theme.muted, "text-background-color": theme.page,
      "text-background-opacity": 1, "text-background-padding": "2px", "text-background-shape": "round-rectangle", "min-zoomed-font-size": 7,
    } },
  ];
}

function moods(theme: Theme): Rule[] {
  return [
    { selector: ".dim", style: { "opacity": 0.4 } },
    { selector: ".pale", style: { "opacity": 0.28 } },
    { selector: "node.pale", style: { "underlay-opacity": 0 } },
    { selector: "edge.pale", style: { "opacity": 0.14 } },
    { selector: "edge.near", style: { "line-color": theme.ink, "target-arrow-color": theme.ink, "line-opacity": 1, "z-index": 8 } },
    { selector: "edge.near.trouble-hit", style: { "line-color": theme.danger, "target-arrow-color": theme.danger } },
    { selector: "edge.chain", style: {
      "line-color": theme.dangerFill, "target-arrow-color": theme.dangerFill, "width": 4, "line-opacity": 1, "z-index": 9, "arrow-scale": 1,
    } },
    { selector: "node.chosen", style: { "outline-width": 3, "outline-color": theme.focus, "outline-offset": 3, "outline-opacity": 1 } },
  ];
}

export default {
  extends: ["stylelint-config-standard"],
  rules: {
    "at-rule-no-unknown": [true, { ignoreAtRules: ["layer", "container", "starting-style"] }],
    "color-no-hex": true,
    "custom-property-empty-line-before": null,
    "declaration-block-no-redundant-longhand-properties": null,
    "declaration-empty-line-before": null,
    "hue-degree-notation": "number",
    "import-notation": "string",
    "lightness-notation": "number",
    "no-descending-specificity": null,
    "property-disallowed-list": [
      "/^(margin|padding|border)-(left|right|top|bottom)/",
      "left", "right", "top", "bottom", "float",
    ],
    "selector-class-pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*(__[a-z0-9-]+)?$",
    "selector-id-pattern": null,
    "value-keyword-case": ["lower", { ignoreProperties: ["/^--font/", "font-family"] }],
  },
};

import embed from "vega-embed"; window.x = embed;

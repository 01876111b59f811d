"""The dashboards as code: one file each, and JSON beside them that Grafana takes."""

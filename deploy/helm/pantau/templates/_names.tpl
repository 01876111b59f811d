{{- /* What everything of an office is called. */ -}}
{{- define "pantau.name" -}}
pantau-{{ .Values.branch }}
{{- end }}

{{- /* What never changes in the life of a release: a Deployment's selector may not. */ -}}
{{- define "pantau.selector" -}}
app.kubernetes.io/name: pantau
app.kubernetes.io/instance: {{ include "pantau.name" . }}
{{- end }}

{{- define "pantau.labels" -}}
{{ include "pantau.selector" . }}
app.kubernetes.io/component: agent
app.kubernetes.io/part-of: pantau
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
branch: {{ .Values.branch | quote }}
{{- end }}

{{- define "pantau.image" -}}
{{- with .Values.image }}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Which ConfigMap holds nation.yaml; refuses what the schema cannot say readably. */ -}}
{{- define "pantau.nation" -}}
{{- with .Values.nation }}
{{- if and .text .configMap }}
{{- fail "nation.text and nation.configMap are both given: give one" }}
{{- else if not (or .text .configMap) }}
{{- fail "nation.yaml is missing: --set-file nation.text=nation.yaml, or --set nation.configMap=NAME" }}
{{- end }}
{{- .configMap | default (printf "%s-nation" (include "pantau.name" $)) }}
{{- end }}
{{- end }}

{{- define "babelwatch.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "babelwatch.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "babelwatch.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "babelwatch.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "babelwatch.selector" -}}
app.kubernetes.io/name: {{ include "babelwatch.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "babelwatch.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "babelwatch.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "babelwatch.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "babelwatch.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "babelwatch.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s%s" .repository (default $.Chart.AppVersion .tag) (ternary "-probes" "" .probes) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "babelwatch.tokenSecret" -}}
{{- default (printf "%s-token" (include "babelwatch.fullname" .)) .Values.token.existingSecret }}
{{- end }}

{{- define "babelwatch.healthName" -}}
{{- printf "%s-health" (include "babelwatch.fullname" . | trunc 56 | trimSuffix "-") }}
{{- end }}

{{- define "babelwatch.claim" -}}
{{- default (include "babelwatch.fullname" .) .Values.persistence.existingClaim }}
{{- end }}

{{/* "true" where the store is a folder: no server in the configuration, none in the environment. */}}
{{- define "babelwatch.embedded" -}}
{{- $server := dig "store" "clickhouse" nil .Values.config }}
{{- range .Values.env }}
{{- if hasPrefix "BABELWATCH_STORE__CLICKHOUSE" .name }}{{ $server = true }}{{ end }}
{{- end }}
{{- if not $server }}true{{ end }}
{{- end }}

{{/* What cannot work is refused here, with the key and what was expected. */}}
{{- define "babelwatch.checked" -}}
{{- if include "babelwatch.embedded" . }}
{{- if gt (int .Values.replicas) 1 }}
{{- fail "replicas: expected 1 with the embedded store, whose folder one process can open: set config.store.clickhouse to run more" }}
{{- end }}
{{- if and (not .Values.persistence.enabled) (not .Values.persistence.existingClaim) }}
{{- fail "persistence.enabled: expected true with the embedded store, which would be lost with its pod: or set config.store.clickhouse" }}
{{- end }}
{{- end }}
{{- $open := or .Values.ingress.enabled (ne .Values.service.type "ClusterIP") }}
{{- if and $open .Values.networkPolicy.enabled (not .Values.networkPolicy.from) (eq .Values.mode "deployment") }}
{{- fail "networkPolicy.from: expected who comes in from outside, such as the namespace of the ingress controller: by itself the policy admits only this namespace" }}
{{- end }}
{{- include "babelwatch.unspoken" (dict "at" "config" "section" .Values.config) }}
{{- end }}

{{/* Refuses secrets in the clear, by the keys that the agent has for them, in a section and those below it. Keys of `body` and `collections` are the user's own. */}}
{{- define "babelwatch.unspoken" -}}
{{- range $key, $value := .section }}
{{- $at := printf "%s.%s" $.at $key }}
{{- if kindIs "map" $value }}
{{- if not (has $key (list "body" "collections")) }}
{{- include "babelwatch.unspoken" (dict "at" $at "section" $value "headers" (and (eq $key "headers") (not (hasSuffix ".receivers" $.at)))) }}
{{- end }}
{{- else if kindIs "slice" $value }}
{{- range $place, $one := $value }}
{{- if kindIs "map" $one }}{{ include "babelwatch.unspoken" (dict "at" (printf "%s.%d" $at $place) "section" $one) }}{{ end }}
{{- end }}
{{- else if not $value }}
{{- else if $.headers }}
{{- fail (printf "%s: expected no secret, since a ConfigMap is no place for one: BABELWATCH_%s in env, from a secret" $at ($.at | trimPrefix "config." | replace "." "__" | upper)) }}
{{- else if eq $at "config.web.token" }}
{{- fail "config.web.token: expected no secret, since a ConfigMap is no place for one: token.existingSecret" }}
{{- else if or (has $key (list "password" "token" "webhook_url" "routing_key" "secret" "proxy")) (and (eq $key "url") (eq (toString $.section.type) "webhook")) }}
{{- fail (printf "%s: expected no secret, since a ConfigMap is no place for one: %s_file, a file of those in secrets" $at $key) }}
{{- end }}
{{- end }}
{{- end }}

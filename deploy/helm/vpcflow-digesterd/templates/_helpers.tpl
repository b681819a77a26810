{{/* Names, labels and the parts that API and worker have in common. */}}

{{- define "digesterd.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "digesterd.selector" -}}
app.kubernetes.io/name: vpcflow-digesterd
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "digesterd.labels" -}}
{{ include "digesterd.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "digesterd.metadata" -}}
name: {{ include "digesterd.name" .root }}-{{ .component }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "digesterd.labels" . | nindent 2 }}
{{- end -}}

{{- define "digesterd.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Variables of one program. An empty one is left out: it would count as unset. */}}
{{- define "digesterd.settings" -}}
{{- $settings := merge (dict) (index .root.Values .component).settings .root.Values.settings -}}
{{- if and .root.Values.queue.url (not (and (eq .component "worker") .root.Values.worker.sqsd.enabled)) -}}
{{- $_ := set $settings "SQS_QUEUE_URL" .root.Values.queue.url -}}
{{- end -}}
{{- range $name := keys $settings | sortAlpha -}}
{{- with get $settings $name | toString }}
{{ $name }}: {{ . | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "digesterd.pod" -}}
serviceAccountName: {{ include "digesterd.name" .root }}-{{ .component }}
# The programs ask Kubernetes nothing; IRSA and Pod Identity bring tokens of their own.
automountServiceAccountToken: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with (index .root.Values .component) }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "digesterd.selector" . | nindent 8 }}
{{- end -}}

{{- define "digesterd.container" -}}
name: {{ .component }}
image: {{ include "digesterd.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: [digesterd-{{ .component }}]
envFrom:
  - configMapRef:
      name: {{ include "digesterd.name" .root }}-{{ .component }}
  {{- with .root.Values.secretName }}
  - secretRef:
      name: {{ . }}
  {{- end }}
ports:
  - name: http
    containerPort: 8080
# Slow credentials or a slow DNS at the start are no reason for a restart.
startupProbe:
  httpGet: { path: /livez, port: http }
  periodSeconds: 2
  failureThreshold: 30
# Never asks S3: a store that is down is no reason to restart.
livenessProbe:
  httpGet: { path: /livez, port: http }
  periodSeconds: 10
  timeoutSeconds: 3
# Asks the stores, each for 4 s at most.
readinessProbe:
  httpGet: { path: /readyz, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
resources:
  {{- toYaml (index .root.Values .component).resources | nindent 2 }}
{{ include "digesterd.confinement" . }}
{{- end -}}

{{- define "digesterd.confinement" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* What any of our pods may connect to. */}}
{{- define "digesterd.egress" -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
- ports:
    {{- range .Values.networkPolicy.egressPorts }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
# The Pod Identity agent of the node.
- to:
    - ipBlock: { cidr: 169.254.170.23/32 }
  ports:
    - { port: 80, protocol: TCP }
{{- end -}}

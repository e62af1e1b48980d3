/* {{ name }}: written by msssm-ts {{ version }}; {{ header }} says what it is. */
#include "{{ header }}"

#include <math.h>

enum {
{% for key, value in sizes.items() %}
    {{ key }} = {{ value }}{{ "," if not loop.last else "" }}
{% endfor %}
};

typedef {{ "int8_t" if int8 else "float" }} dense_t;

/* A linear map: rows of weights one after the other{{ ", a scale a row" if int8 else "" }}. */
typedef struct {
    const dense_t *weight;
{% if int8 %}
    const float *scale;
{% endif %}
    const float *bias;
} linear;

typedef struct {
{% for key in core_arrays %}
    const float *{{ key }};
{% endfor %}
} core_weights;

typedef struct {
    const float *norm_scale, *norm_offset;
    linear input, gate, output;
{% if sizes.READ %}
    linear read;
{% endif %}
{% if sizes.SCALES %}
    const float *phi, *psi;
{% endif %}
    core_weights core;
} layer;

{% for array in arrays %}
{{ array }}

{% endfor %}
{% macro line(key) %}{ {{ key }}_weight, {{ key ~ "_scale, " if int8 else "" }}{{ key }}_bias }{% endmacro %}
static const linear stem = {{ line("stem") }};
static const linear head = {{ line("head") }};
static const layer layers[LAYERS] = {
{% for i in range(sizes.LAYERS) %}
{% set l = "layer" ~ i %}
    {
        {{ l }}_norm_scale, {{ l }}_norm_offset,
        {{ line(l ~ "_input") }},
        {{ line(l ~ "_gate") }},
        {{ line(l ~ "_output") }},
{% if sizes.READ %}
        {{ line(l ~ "_read") }},
{% endif %}
{% if sizes.SCALES %}
        {{ l }}_phi, {{ l }}_psi,
{% endif %}
        { {% for key in core_arrays %}{{ l }}_core_{{ key }}{{ ", " if not loop.last else "" }}{% endfor %} }
    }{{ "," if not loop.last else "" }}
{% endfor %}
};

const char *const {{ name }}_class_names[{{ NAME }}_CLASSES] = {
{% for text in class_names %}
    {{ text }}{{ "," if not loop.last else "" }}
{% endfor %}
};

static void apply(const linear *map, int rows, int columns, const float *x, float *out)
{
    const dense_t *row = map->weight;
    for (int i = 0; i < rows; i++, row += columns) {
        /* Four sums side by side: one would wait for its own last addition. */
        float a = 0.0f, b = 0.0f, c = 0.0f, d = 0.0f;
        int j = 0;
        for (; j + 3 < columns; j += 4) {
            a += (float)row[j] * x[j];
            b += (float)row[j + 1] * x[j + 1];
            c += (float)row[j + 2] * x[j + 2];
            d += (float)row[j + 3] * x[j + 3];
        }
        for (; j < columns; j++) {
            a += (float)row[j] * x[j];
        }
        out[i] = map->bias[i] + {{ "map->scale[i] * " if int8 else "" }}((a + b) + (c + d));
    }
}

static void normalize(const float *x, const float *scale, const float *offset, float *out)
{
    float centre = 0.0f, squares = 0.0f;
    for (int i = 0; i < WIDTH; i++) {
        centre += x[i];
    }
    centre /= (float)WIDTH;
    for (int i = 0; i < WIDTH; i++) {
        squares += (x[i] - centre) * (x[i] - centre);
    }
    const float factor = 1.0f / sqrtf(squares / (float)WIDTH + {{ eps }});
    for (int i = 0; i < WIDTH; i++) {
        out[i] = (x[i] - centre) * factor * scale[i] + offset[i];
    }
}

{% if sizes.SCALES %}
/* Put a signal into the rings of its scales; streams get it, the details and the approximation. */
static void decompose(const layer *l, float *ring, const int32_t *rows, const float *x, float *streams)
{
    float *low = streams + (STREAMS - 1) * WIDTH;
    const float *phi = l->phi, *psi = l->psi;
    for (int i = 0; i < WIDTH; i++) {
        streams[i] = low[i] = x[i];
    }
    for (int s = 0; s < SCALES; s++) {
        const int dilation = 1 << s, n_rows = dilation * (TAPS - 1) + 1;
        int row = rows[s];
        float *high = streams + (s + 1) * WIDTH;
        for (int i = 0; i < WIDTH; i++) {
            ring[row * WIDTH + i] = low[i];
            low[i] = high[i] = 0.0f;
        }
        for (int k = 0; k < TAPS; k++, phi += WIDTH, psi += WIDTH) {
            const float *past = ring + row * WIDTH;
            for (int i = 0; i < WIDTH; i++) {
                low[i] += phi[i] * past[i];
                high[i] += psi[i] * past[i];
            }
            row -= dilation;
            if (row < 0) {
                row += n_rows;
            }
        }
        ring += n_rows * WIDTH;
    }
}

{% endif %}
/* Core "{{ core }}": the recurrences of all streams; y has their inputs, then their outputs. */
static void recur(const core_weights *w, const float *x, const float *read, float *state, float *y)
{
{{ core_code | indent(4, first=True) }}
}

static void block({{ name }}_state *state, int number, int observed, float *residual)
{
    const layer *l = &layers[number];
    float normed[WIDTH], signal[WIDTH], gate[WIDTH], streams[STREAMS * WIDTH];
{% if sizes.READ %}
    float read[READ];
{% else %}
    const float *read = NULL;
{% endif %}
    normalize(residual, l->norm_scale, l->norm_offset, normed);
    apply(&l->input, WIDTH, WIDTH, normed, signal);
    apply(&l->gate, WIDTH, WIDTH, normed, gate);
    if (!observed) {
        for (int i = 0; i < WIDTH; i++) {
            signal[i] = 0.0f;
        }
    }
{% if sizes.READ %}
    apply(&l->read, READ, WIDTH, signal, read);
{% endif %}
{% if sizes.SCALES %}
    decompose(l, state->rings[number], state->rows, signal, streams);
{% else %}
    for (int i = 0; i < WIDTH; i++) {
        streams[i] = signal[i];
    }
{% endif %}
    recur(&l->core, signal, read, {{ "state->core[number]" if sizes.CORE_STATE else "NULL" }}, streams);
    for (int i = 0; i < WIDTH; i++) {
{% if sizes.SCALES %}
        float mixed = 0.0f;
        for (int s = 0; s < STREAMS; s++) {
            mixed += read[READ - STREAMS + s] * streams[s * WIDTH + i];
        }
{% else %}
        const float mixed = streams[i];
{% endif %}
        normed[i] = mixed * gate[i] / (1.0f + expf(-gate[i]));
    }
    apply(&l->output, WIDTH, WIDTH, normed, signal);
    for (int i = 0; i < WIDTH; i++) {
        residual[i] += signal[i];
    }
}

void {{ name }}_init({{ name }}_state *state)
{
    state->n_observed = 0;
    for (int i = 0; i < WIDTH; i++) {
{% if "mean" in pooling %}
        state->totals[i] = 0.0;
{% endif %}
{% if pooling != "mean" %}
        state->kept[i] = -INFINITY;
{% endif %}
    }
{% if sizes.SCALES or sizes.CORE_STATE %}
    for (int l = 0; l < LAYERS; l++) {
{% if sizes.SCALES %}
        for (int i = 0; i < REACH * WIDTH; i++) {
            state->rings[l][i] = 0.0f;
        }
{% endif %}
{% if sizes.CORE_STATE %}
        for (int i = 0; i < CORE_STATE; i++) {
            state->core[l][i] = 0.0f;
        }
{% endif %}
    }
{% endif %}
{% if sizes.SCALES %}
    for (int s = 0; s < SCALES; s++) {
        state->rows[s] = 0;
    }
{% endif %}
}

int {{ name }}_step({{ name }}_state *state, const float sample[{{ NAME }}_CHANNELS])
{
    float values[CHANNELS], residual[WIDTH];
    int observed = 0;
    for (int k = 0; k < CHANNELS; k++) {
        float value = sample[k];
{% if masked %}
        if (isnan(value)) {
            values[k] = 0.0f;
            continue;
        }
{% else %}
        if (isnan(value)) {
            return {{ NAME }}_REFUSED;
        }
{% endif %}
        if (isinf(value)) {
            return {{ NAME }}_REFUSED;
        }
{% if limited %}
        value = value < lowest[k] ? lowest[k] : value > highest[k] ? highest[k] : value;
{% endif %}
        /* In double: the difference of large numbers. */
        double standard = ((double)value - mean[k]) / deviation[k];
        standard = standard < -{{ largest }} ? -{{ largest }} : standard > {{ largest }} ? {{ largest }} : standard;
        values[k] = (float)standard;
        observed = 1;
    }
    apply(&stem, WIDTH, CHANNELS, values, residual);
    for (int l = 0; l < LAYERS; l++) {
        block(state, l, observed, residual);
    }
{% if sizes.SCALES %}
    for (int s = 0; s < SCALES; s++) {
        const int32_t n_rows = (1 << s) * (TAPS - 1) + 1;
        state->rows[s] = state->rows[s] + 1 == n_rows ? 0 : state->rows[s] + 1;
    }
{% endif %}
    if (observed) {
        normalize(residual, norm_scale, norm_offset, residual);
        state->n_observed++;
        for (int i = 0; i < WIDTH; i++) {
{% if "mean" in pooling %}
            state->totals[i] += (double)residual[i];
{% endif %}
{% if "max" in pooling %}
            state->kept[i] = residual[i] > state->kept[i] ? residual[i] : state->kept[i];
{% elif pooling == "last" %}
            state->kept[i] = residual[i];
{% endif %}
        }
    }
    return {{ NAME }}_OK;
}

int {{ name }}_logits(const {{ name }}_state *state, float logits[{{ NAME }}_CLASSES])
{
    float pooled[POOLED];
    if (state->n_observed == 0) {
        for (int k = 0; k < CLASSES; k++) {
            logits[k] = NAN;
        }
        return {{ NAME }}_EMPTY;
    }
    for (int i = 0; i < WIDTH; i++) {
{% if "mean" in pooling %}
        pooled[i] = (float)(state->totals[i] / (double)state->n_observed);
{% endif %}
{% if pooling != "mean" %}
        pooled[POOLED - WIDTH + i] = state->kept[i];
{% endif %}
    }
    apply(&head, CLASSES, POOLED, pooled, logits);
    return {{ NAME }}_OK;
}

int {{ name }}_probabilities(const {{ name }}_state *state, float probabilities[{{ NAME }}_CLASSES])
{
    const int status = {{ name }}_logits(state, probabilities);
    if (status != {{ NAME }}_OK) {
        return status;
    }
{% if multilabel %}
    for (int k = 0; k < CLASSES; k++) {
        probabilities[k] = 1.0f / (1.0f + expf(-probabilities[k]));
    }
{% else %}
    float largest = probabilities[0], sum = 0.0f;
    for (int k = 1; k < CLASSES; k++) {
        largest = probabilities[k] > largest ? probabilities[k] : largest;
    }
    for (int k = 0; k < CLASSES; k++) {
        probabilities[k] = expf(probabilities[k] - largest);
        sum += probabilities[k];
    }
    for (int k = 0; k < CLASSES; k++) {
        probabilities[k] /= sum;
    }
{% endif %}
    return {{ NAME }}_OK;
}

int {{ name }}_series({{ name }}_state *state, const float *samples, size_t n_samples,
    float probabilities[{{ NAME }}_CLASSES])
{
    {{ name }}_init(state);
    for (size_t t = 0; t < n_samples; t++) {
        const int status = {{ name }}_step(state, samples + t * {{ NAME }}_CHANNELS);
        if (status != {{ NAME }}_OK) {
            return status;
        }
    }
    return {{ name }}_probabilities(state, probabilities);
}

{% if multilabel %}
void {{ name }}_labels(const float probabilities[{{ NAME }}_CLASSES], uint8_t labels[{{ NAME }}_CLASSES])
{
    for (int k = 0; k < CLASSES; k++) {
        labels[k] = probabilities[k] >= thresholds[k];
    }
}
{% else %}
int {{ name }}_class(const float probabilities[{{ NAME }}_CLASSES])
{
{% if rule == "operating_point" %}
    int best = -1;
    if (probabilities[{{ positive }}] >= {{ threshold }}) {
        return {{ positive }};
    }
    for (int k = 0; k < CLASSES; k++) {
        if (k != {{ positive }} && (best < 0 || probabilities[k] > probabilities[best])) {
            best = k;
        }
    }
    return best;
{% elif rule == "log_priors" %}
    int best = 0;
    float largest = -INFINITY;
    for (int k = 0; k < CLASSES; k++) {
        /* Beneath it probabilities are as good as 0, whose logarithm is none. */
        const float floored = probabilities[k] > {{ least }} ? probabilities[k] : {{ least }};
        const float favoured = logf(floored) + log_priors[k];
        if (favoured > largest) {
            largest = favoured;
            best = k;
        }
    }
    return best;
{% else %}
    int best = 0;
    for (int k = 1; k < CLASSES; k++) {
        best = probabilities[k] > probabilities[best] ? k : best;
    }
    return best;
{% endif %}
}
{% endif %}

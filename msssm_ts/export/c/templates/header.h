/* {{ name }}: a causal MS-SSM classifier in C99, written by msssm-ts {{ version }}.
 *
{% for line in about %}
 *{{ " " ~ line if line else "" }}
{% endfor %}
 */
#ifndef {{ NAME }}_H
#define {{ NAME }}_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define {{ NAME }}_CHANNELS {{ sizes.CHANNELS }}
#define {{ NAME }}_CLASSES {{ sizes.CLASSES }}
{% if rate %}
/* Of the samples, in hertz. */
#define {{ NAME }}_SAMPLING_RATE {{ rate }}
{% endif %}

/* What the functions return. */
enum {
    {{ NAME }}_OK = 0,
    {{ NAME }}_EMPTY = 1,   /* no value has come yet: every probability is NaN */
    {{ NAME }}_REFUSED = 2  /* {{ refused }}: the sample is not taken, the state as before */
};

/* One series, as far as it has come. What is in it is no user's business. */
typedef struct {
{% if "mean" in pooling %}
    double totals[{{ sizes.WIDTH }}];
{% endif %}
    uint64_t n_observed;
{% if pooling != "mean" %}
    float kept[{{ sizes.WIDTH }}];
{% endif %}
{% if sizes.SCALES %}
    float rings[{{ sizes.LAYERS }}][{{ sizes.REACH * sizes.WIDTH }}];
{% endif %}
{% if sizes.CORE_STATE %}
    float core[{{ sizes.LAYERS }}][{{ sizes.CORE_STATE }}];
{% endif %}
{% if sizes.SCALES %}
    int32_t rows[{{ sizes.SCALES }}];
{% endif %}
} {{ name }}_state;

/* Names of the classes in UTF-8, in the order of the probabilities. */
extern const char *const {{ name }}_class_names[{{ NAME }}_CLASSES];

/* Begin a series. */
void {{ name }}_init({{ name }}_state *state);

/* Read the next sample, a value a channel{{ "; NAN is a missing one" if masked else "" }}. */
int {{ name }}_step({{ name }}_state *state, const float sample[{{ NAME }}_CHANNELS]);

/* Answer for the series as far as it has come. */
int {{ name }}_logits(const {{ name }}_state *state, float logits[{{ NAME }}_CLASSES]);
int {{ name }}_probabilities(const {{ name }}_state *state, float probabilities[{{ NAME }}_CLASSES]);

/* Read a whole series, n_samples times all channels of a sample, from its beginning; and answer. */
int {{ name }}_series({{ name }}_state *state, const float *samples, size_t n_samples,
    float probabilities[{{ NAME }}_CLASSES]);

{% if multilabel %}
/* Say which labels hold, 1 or 0 each: those whose probability reaches their threshold. */
void {{ name }}_labels(const float probabilities[{{ NAME }}_CLASSES], uint8_t labels[{{ NAME }}_CLASSES]);
{% else %}
/* Return the class, counted from 0: {{ decision }}. */
int {{ name }}_class(const float probabilities[{{ NAME }}_CLASSES]);
{% endif %}

#ifdef __cplusplus
}
#endif

#endif

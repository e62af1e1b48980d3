/* Reads samples from stdin, a value a channel between blanks, and answers each with a line.
 *
 *     cc -std=c99 -O2 {{ source }} {{ example }} -lm -o {{ name }} && ./{{ name }} < samples.txt
 */
#include "{{ header }}"

#include <stdio.h>

/* Not on the stack, which is small where such programs run. */
static {{ name }}_state state;

int main(void)
{
    float sample[{{ NAME }}_CHANNELS], probabilities[{{ NAME }}_CLASSES];
{% if multilabel %}
    uint8_t labels[{{ NAME }}_CLASSES];
{% endif %}
    int n_values = 0;
    {{ name }}_init(&state);
    while (scanf("%f", &sample[n_values]) == 1) {
        if (++n_values < {{ NAME }}_CHANNELS) {
            continue;
        }
        n_values = 0;
        if ({{ name }}_step(&state, sample) == {{ NAME }}_REFUSED) {
            fprintf(stderr, "a sample was refused\n");
            return 1;
        }
        if ({{ name }}_probabilities(&state, probabilities) == {{ NAME }}_EMPTY) {
            continue;
        }
{% if multilabel %}
        {{ name }}_labels(probabilities, labels);
        for (int k = 0; k < {{ NAME }}_CLASSES; k++) {
            printf("%s%s=%d (%.6f)", k ? " " : "", {{ name }}_class_names[k], labels[k], (double)probabilities[k]);
        }
{% else %}
        printf("%s", {{ name }}_class_names[{{ name }}_class(probabilities)]);
        for (int k = 0; k < {{ NAME }}_CLASSES; k++) {
            printf(" %.6f", (double)probabilities[k]);
        }
{% endif %}
        printf("\n");
    }
    return 0;
}

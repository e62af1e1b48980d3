/* Runs series of one file (each: int32 samples, then their floats) and writes their answers into
 * another: probabilities after every step, if asked for, then of the whole, then what is chosen.
 * Seconds a step go to stdout. */
#include "{{ header }}"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static {{ name }}_state state, again;

static int fail(int code, FILE *in, FILE *out, float *samples)
{
    free(samples);
    if (in) {
        fclose(in);
    }
    if (out) {
        fclose(out);
    }
    return code;
}

int main(int argc, char **argv)
{
    FILE *in = argc > 3 ? fopen(argv[1], "rb") : NULL, *out = in ? fopen(argv[2], "wb") : NULL;
    const int every = argc > 3 && strcmp(argv[3], "every") == 0;
    float probabilities[{{ NAME }}_CLASSES], whole[{{ NAME }}_CLASSES], chosen[{{ NAME }}_CLASSES] = {0.0f};
    float *samples = NULL;
    int32_t n_samples;
    double seconds = 0.0, steps = 0.0;
    if (!out) {
        return fail(2, in, out, samples);
    }
    while (fread(&n_samples, sizeof n_samples, 1, in) == 1) {
        const size_t size = (size_t)n_samples * {{ NAME }}_CHANNELS;
        free(samples);
        samples = malloc(size * sizeof *samples + 1);
        if (!samples || fread(samples, sizeof *samples, size, in) != size) {
            return fail(2, in, out, samples);
        }
        {{ name }}_init(&again);
        const clock_t began = clock();
        for (size_t t = 0; t < (size_t)n_samples; t++) {
            if ({{ name }}_step(&again, samples + t * {{ NAME }}_CHANNELS) != {{ NAME }}_OK) {
                return fail(3, in, out, samples);
            }
            {{ name }}_probabilities(&again, probabilities);
            if (every) {
                fwrite(probabilities, sizeof *probabilities, {{ NAME }}_CLASSES, out);
            }
        }
        seconds += (double)(clock() - began) / CLOCKS_PER_SEC;
        steps += (double)n_samples;
        {{ name }}_series(&state, samples, (size_t)n_samples, whole);
        if (memcmp(whole, probabilities, sizeof whole) != 0) {
            return fail(4, in, out, samples);
        }
{% if multilabel %}
        uint8_t labels[{{ NAME }}_CLASSES];
        {{ name }}_labels(whole, labels);
        for (int k = 0; k < {{ NAME }}_CLASSES; k++) {
            chosen[k] = (float)labels[k];
        }
{% else %}
        chosen[0] = (float){{ name }}_class(whole);
{% endif %}
        fwrite(whole, sizeof *whole, {{ NAME }}_CLASSES, out);
        fwrite(chosen, sizeof *chosen, {{ NAME }}_CLASSES, out);
    }
    printf("%lu %.9g\n", (unsigned long)sizeof state, steps > 0.0 ? seconds / steps : 0.0);
    return fail(0, in, out, samples);
}

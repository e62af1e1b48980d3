(void)x;
(void)read;
for (int i = 0; i < STREAMS * WIDTH; i++) {
    const float input = y[i];
    float sum = w->D[i] * input;
    /* Real and imaginary parts of a mode lie next to each other. */
    for (int k = 2 * i * PAIRS; k < 2 * (i + 1) * PAIRS; k += 2) {
        const float re = w->A[k] * state[k] - w->A[k + 1] * state[k + 1] + input;
        const float im = w->A[k] * state[k + 1] + w->A[k + 1] * state[k];
        state[k] = re;
        state[k + 1] = im;
        sum += w->C[k] * re - w->C[k + 1] * im;
    }
    y[i] = sum;
}

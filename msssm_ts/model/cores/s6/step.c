(void)x;
for (int s = 0; s < STREAMS; s++) {
    const float *B = read + s * STATES, *C = read + (STREAMS + s) * STATES;
    const float *factors = read + 2 * STREAMS * STATES + s * RANK;
    for (int i = s * WIDTH; i < (s + 1) * WIDTH; i++) {
        float delta = w->dt_bias[i];
        for (int r = 0; r < RANK; r++) {
            delta += w->dt_weight[i * RANK + r] * factors[r];
        }
        /* Softplus, whose exponential would overflow. */
        delta = delta > 20.0f ? delta : log1pf(expf(delta));
        const float input = y[i], driven = delta * input;
        float sum = w->D[i] * input;
        for (int n = 0; n < STATES; n++) {
            const int k = i * STATES + n;
            state[k] = expf(delta * w->A[k]) * state[k] + B[n] * driven;
            sum += C[n] * state[k];
        }
        y[i] = sum;
    }
}

(void)x;
(void)read;
for (int i = 0; i < STREAMS * WIDTH; i++) {
    const float input = y[i];
    float sum = w->D[i] * input;
    for (int k = i * STATES; k < (i + 1) * STATES; k++) {
        state[k] = w->A[k] * state[k] + w->B[k] * input;
        sum += w->C[k] * state[k];
    }
    y[i] = sum;
}

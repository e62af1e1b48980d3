"""Cross-validation from the terminal: folds, scores, label errors, learning curves."""

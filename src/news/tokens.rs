//! Text to terms: the one tokenizer of training and serving.

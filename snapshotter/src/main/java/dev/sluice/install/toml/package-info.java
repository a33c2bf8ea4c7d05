/**
 * Changes TOML text without touching what it was not asked to touch: comments, order, spaces and line ends stay.
 *
 * <p>A small lexer finds places; what a document means is Jackson's business alone, and every edit is held against it: the new text must
 * mean the old one and what was asked for, and nothing else. Knows nothing of containerd. Format: <a
 * href="https://toml.io/en/v1.0.0">TOML 1.0</a>.
 */
@NullMarked
package dev.sluice.install.toml;

import org.jspecify.annotations.NullMarked;

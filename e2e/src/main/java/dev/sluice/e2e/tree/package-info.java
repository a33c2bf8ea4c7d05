/**
 * Compares two directory trees in everything that a container can see.
 */
@NullMarked
package dev.sluice.e2e.tree;

import org.jspecify.annotations.NullMarked;

package dev.sluice.kubernetes;

import java.io.IOException;
import java.nio.file.Path;

/** Text of a kubeconfig file that stands in the file itself, or in another one. Immutable. */
sealed interface Content {
    /** @throws IOException if it is in a file that cannot be read */
    String read() throws IOException;

    /** @param text may be secret */
    record Inline(String text) implements Content {
        @Override
        public String read() {
            return text;
        }

        @Override
        public String toString() {
            return "Inline[]";
        }
    }

    /** @param file absolute */
    record InFile(Path file) implements Content {
        @Override
        public String read() throws IOException {
            return SmallFile.text(file);
        }
    }
}

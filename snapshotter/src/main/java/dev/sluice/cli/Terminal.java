package dev.sluice.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Whoever sits before the command. */
@FunctionalInterface
interface Terminal {
    /** The process' own. */
    Terminal STANDARD = Terminal::readLine;

    /** What was typed on one line; empty if nobody sits there. */
    Optional<String> answer() throws IOException;

    /** Whether somebody agrees; empty if nobody sits there. */
    default Optional<Boolean> agrees() throws IOException {
        return answer().map(line -> line.strip().toLowerCase(Locale.ROOT))
                .map(line -> line.equals("y") || line.equals("yes"));
    }

    private static Optional<String> readLine() throws IOException {
        // Since Java 22 there is a console without a terminal, too.
        String input = Files.readSymbolicLink(Path.of("/proc/self/fd/0")).toString();
        if (!input.startsWith("/dev/pts/") && !input.startsWith("/dev/tty") && !input.equals("/dev/console")) {
            return Optional.empty();
        }
        BufferedReader reader = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
        return Optional.of(Optional.ofNullable(reader.readLine()).orElse(""));
    }
}

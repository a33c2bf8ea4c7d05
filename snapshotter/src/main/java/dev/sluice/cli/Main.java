package dev.sluice.cli;

import dev.sluice.daemon.Commands;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** The {@code sluice} process. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int status = CommandLineRunner.run(Commands.runners(), out, err, args);
        out.flush();
        System.exit(status);
    }
}

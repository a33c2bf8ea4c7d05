package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The pages that a daemon serves at its admin address, asked for as an operator does, with {@code curl}.
 *
 * @param socket of the daemon
 */
public record AdminPages(Path socket) {

    /**
     * What came.
     *
     * @param status of HTTP
     * @param seconds from the connection to the last byte, as curl says
     */
    public record Answer(int status, String body, double seconds) {}

    /**
     * Asks for a page.
     *
     * @param path such as {@code /metrics}
     * @throws IOException if there is no answer
     */
    public Answer get(String path) throws IOException {
        String output = Command.of(
                        "curl",
                        "--silent",
                        "--show-error",
                        "--unix-socket",
                        socket.toString(),
                        "--write-out",
                        "\n%{http_code} %{time_total}",
                        "http://sluice" + path)
                .run()
                .stdout();
        int end = output.lastIndexOf('\n');
        String[] figures = output.substring(end + 1).split(" ", -1);
        return new Answer(Integer.parseInt(figures[0]), output.substring(0, end), Double.parseDouble(figures[1]));
    }

    /** The series of {@code /metrics} with their values, by name and labels as they stand there. */
    public Map<String, Double> metrics() throws IOException {
        Map<String, Double> series = new TreeMap<>();
        get("/metrics").body().lines().filter(line -> !line.startsWith("#")).forEach(line -> {
            int space = line.lastIndexOf(' ');
            series.put(line.substring(0, space), Double.valueOf(line.substring(space + 1)));
        });
        return series;
    }
}

package dev.sluice.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.Headers;
import okhttp3.HttpUrl;

/**
 * Reads containerd's {@code hosts.toml}: {@code [host."URL"]} for each host that is asked first, in the order of the file, and at the
 * top of it {@code server}, which is asked last, with the same keys of its own. As containerd does, keys that are not known are passed
 * over.
 */
final class HostsFile {
    /** Sockets take no longer one; nobody waits for 24 days. */
    private static final Duration LONGEST_DIAL = Duration.ofMillis(Integer.MAX_VALUE);

    private final Path directory;

    private HostsFile(Path directory) {
        this.directory = directory;
    }

    /**
     * @param directory which relative paths start from
     * @return at least one: the last is the server
     */
    static List<HostEntry> parse(String toml, Path directory) throws InvalidHostsFileException {
        JsonNode root;
        try {
            root = new TomlMapper().readTree(toml);
        } catch (JsonProcessingException e) {
            String line =
                    e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
            throw new InvalidHostsFileException("it is not TOML" + line);
        }
        HostsFile file = new HostsFile(directory);
        List<HostEntry> entries = new ArrayList<>();
        JsonNode hosts = root.path("host");
        if (!hosts.isMissingNode() && !hosts.isObject()) {
            throw new InvalidHostsFileException("host is not a table");
        }
        for (Map.Entry<String, JsonNode> host : hosts.properties()) {
            entries.add(file.entry(host.getKey(), host.getValue()));
        }
        entries.add(file.entry(text(root, "server").orElse(""), root));
        return List.copyOf(entries);
    }

    private HostEntry entry(String server, JsonNode table) throws InvalidHostsFileException {
        return new HostEntry(
                server.isEmpty()
                        ? Optional.empty()
                        : Optional.of(
                                address(server, bool(table, "override_path").orElse(false))),
                capabilities(table),
                headers(table),
                new TlsSettings(
                        paths(table.path("ca"), "ca"), clients(table.path("client")), bool(table, "skip_verify")),
                dialTimeout(table));
    }

    /** A server without a scheme speaks HTTPS; a path that does not end in {@code /v2} gets it, unless it overrides that. */
    private static HostEntry.Address address(String server, boolean overridesPath) throws InvalidHostsFileException {
        String text = server.startsWith("http") ? server : "https://" + server;
        HttpUrl url = HttpUrl.parse(text);
        String authority = authority(text);
        if (url == null || !isAuthorityOf(authority, url)) {
            throw new InvalidHostsFileException("a server or host is not a URL of HTTP or HTTPS");
        }
        List<String> path = new ArrayList<>(url.pathSegments());
        path.removeIf(String::isEmpty);
        if (!overridesPath && (path.isEmpty() || !path.get(path.size() - 1).equals("v2"))) {
            path.add("v2");
        }
        HttpUrl.Builder base =
                new HttpUrl.Builder().scheme(url.scheme()).host(url.host()).port(url.port());
        path.forEach(base::addPathSegment);
        return new HostEntry.Address(authority, base.addPathSegment("").build());
    }

    /**
     * What is lenient about URLs, such as one slash for two, must not make us speak to another host than the one we believe it
     * is; and a name whose ASCII form is no name of a host is nobody's.
     */
    private static boolean isAuthorityOf(String authority, HttpUrl url) {
        HttpUrl own = HttpUrl.parse(url.scheme() + "://" + authority + "/");
        return own != null
                && own.host().equals(url.host())
                && own.port() == url.port()
                && own.equals(HttpUrl.parse(own.toString()));
    }

    /** As written: whether a port is there decides what is asked for as a mirror. */
    private static String authority(String url) {
        String rest = url.substring(url.indexOf("://") + 3);
        int end = 0;
        while (end < rest.length() && "/?#".indexOf(rest.charAt(end)) < 0) {
            end++;
        }
        return rest.substring(rest.lastIndexOf('@', end) + 1, end);
    }

    private static Set<Capability> capabilities(JsonNode table) throws InvalidHostsFileException {
        List<String> names = texts(table.path("capabilities"), "capabilities");
        Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
        for (String name : names) {
            try {
                capabilities.add(Capability.valueOf(name.toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException e) {
                throw new InvalidHostsFileException("there is no capability " + name);
            }
        }
        return capabilities.isEmpty() ? EnumSet.allOf(Capability.class) : capabilities;
    }

    private static Map<String, List<String>> headers(JsonNode table) throws InvalidHostsFileException {
        JsonNode node = table.path("header");
        if (!node.isMissingNode() && !node.isObject()) {
            throw new InvalidHostsFileException("header is not a table");
        }
        Map<String, List<String>> headers = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> header : node.properties()) {
            String name = header.getKey();
            List<String> values = oneOrMore(header.getValue(), "a header");
            try {
                Headers.Builder check = new Headers.Builder();
                values.forEach(value -> check.add(name, value));
            } catch (IllegalArgumentException e) {
                // The exception would quote the value, which may be a secret.
                throw new InvalidHostsFileException("a header has characters that it must not have");
            }
            headers.put(name, values);
        }
        return headers;
    }

    /** One file, a list of files, or a list of pairs of files; a file alone holds both certificate and key. */
    private List<TlsSettings.ClientPair> clients(JsonNode node) throws InvalidHostsFileException {
        List<TlsSettings.ClientPair> clients = new ArrayList<>();
        for (JsonNode element : node.isArray() ? node : List.of(node)) {
            if (element.isMissingNode()) {
                continue;
            }
            List<String> files = oneOrMore(element, "client");
            boolean alone = !element.isArray();
            if (!alone && files.size() != 2) {
                throw new InvalidHostsFileException("client has a list that is not a pair");
            }
            Path certificate = path(files.get(0), "client");
            boolean keyElsewhere = !alone && !files.get(1).isEmpty();
            clients.add(
                    new TlsSettings.ClientPair(certificate, keyElsewhere ? path(files.get(1), "client") : certificate));
        }
        return clients;
    }

    private static Optional<Duration> dialTimeout(JsonNode table) throws InvalidHostsFileException {
        Optional<String> text = text(table, "dial_timeout").filter(t -> !t.isEmpty());
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Optional<Duration> duration = GoDuration.parse(text.get());
        if (duration.isEmpty()) {
            throw new InvalidHostsFileException("dial_timeout is not a duration such as \"1s\"");
        }
        return duration.map(timeout -> Durations.min(timeout, LONGEST_DIAL));
    }

    private List<Path> paths(JsonNode node, String key) throws InvalidHostsFileException {
        List<Path> paths = new ArrayList<>();
        for (String text : node.isMissingNode() ? List.<String>of() : oneOrMore(node, key)) {
            paths.add(path(text, key));
        }
        return paths;
    }

    private Path path(String text, String key) throws InvalidHostsFileException {
        try {
            return directory.resolve(text);
        } catch (InvalidPathException e) {
            throw new InvalidHostsFileException(key + " is not a path");
        }
    }

    private static List<String> oneOrMore(JsonNode node, String key) throws InvalidHostsFileException {
        return node.isTextual() ? List.of(node.textValue()) : texts(node, key);
    }

    private static List<String> texts(JsonNode node, String key) throws InvalidHostsFileException {
        List<String> texts = new ArrayList<>();
        if (!node.isMissingNode() && !node.isArray()) {
            throw new InvalidHostsFileException(key + " is of a wrong type");
        }
        for (JsonNode element : node.isArray() ? node : MissingNode.getInstance()) {
            if (!element.isTextual()) {
                throw new InvalidHostsFileException(key + " is of a wrong type");
            }
            texts.add(element.textValue());
        }
        return texts;
    }

    private static Optional<String> text(JsonNode table, String key) throws InvalidHostsFileException {
        JsonNode node = table.path(key);
        if (!node.isMissingNode() && !node.isTextual()) {
            throw new InvalidHostsFileException(key + " is not a string");
        }
        return Optional.ofNullable(node.textValue());
    }

    private static Optional<Boolean> bool(JsonNode table, String key) throws InvalidHostsFileException {
        JsonNode node = table.path(key);
        if (!node.isMissingNode() && !node.isBoolean()) {
            throw new InvalidHostsFileException(key + " is not true or false");
        }
        return node.isMissingNode() ? Optional.empty() : Optional.of(node.booleanValue());
    }
}

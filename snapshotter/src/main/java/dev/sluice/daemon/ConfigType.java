package dev.sluice.daemon;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.registry.Digest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How values of a key are read, checked and written.
 *
 * @param expected completes the sentence "KEY must be ..."
 * @param reader turns a TOML value into ours; empty if it is not what is expected
 * @param writer turns our value into TOML
 */
record ConfigType<T>(String expected, Function<JsonNode, Optional<T>> reader, Function<T, String> writer) {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9}) ?(ms|s|m|h)");
    private static final Pattern REGISTRY_HOST = Pattern.compile(
            "(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]{2,45}\\])(?::(\\d{1,5}))?");
    private static final Pattern KUBERNETES_NAME = Pattern.compile("[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?");
    private static final int MAX_HOSTS = 1000;

    ConfigType {
        requireNonNull(expected, "expected is null");
        requireNonNull(reader, "reader is null");
        requireNonNull(writer, "writer is null");
    }

    static ConfigType<Boolean> bool() {
        return new ConfigType<>(
                "true or false",
                node -> node.isBoolean() ? Optional.of(node.booleanValue()) : Optional.empty(),
                Object::toString);
    }

    /** A whole number; both bounds are allowed. */
    static ConfigType<Integer> integer(int min, int max) {
        return new ConfigType<>(
                "a whole number from " + min + " to " + max,
                node -> node.isIntegralNumber() && node.canConvertToInt()
                        ? Optional.of(node.intValue()).filter(value -> value >= min && value <= max)
                        : Optional.empty(),
                Object::toString);
    }

    /** A name that the kernel takes for a cache. */
    static ConfigType<String> tag() {
        return text(
                "1 to 64 letters, digits, - and _",
                text -> Optional.of(text).filter(tag -> tag.matches("[A-Za-z0-9_-]{1,64}")),
                tag -> tag);
    }

    /** One of an enum's constants, in lower case, with {@code -} for {@code _}. */
    static <E extends Enum<E>> ConfigType<E> choice(Class<E> type) {
        List<E> constants = List.of(type.getEnumConstants());
        return text(
                "one of " + constants.stream().map(ConfigType::lowerCase).collect(joining(", ")),
                text -> constants.stream()
                        .filter(constant -> lowerCase(constant).equals(text))
                        .findFirst(),
                ConfigType::lowerCase);
    }

    /** Constants of an enum in a list, each once. */
    static <E extends Enum<E>> ConfigType<List<E>> choices(Class<E> type) {
        ConfigType<E> one = choice(type);
        return new ConfigType<>(
                "a list of different ones of "
                        + Stream.of(type.getEnumConstants())
                                .map(ConfigType::lowerCase)
                                .collect(joining(", ")),
                node -> parseList(node, one.reader)
                        .filter(list -> list.size() == Set.copyOf(list).size()),
                list -> list.stream().map(one.writer).collect(joining(", ", "[", "]")));
    }

    /** Names of objects of Kubernetes in a list. */
    static ConfigType<List<String>> kubernetesNames() {
        return new ConfigType<>(
                "a list of names of Kubernetes such as [\"default\"]",
                node -> parseList(
                        node,
                        element -> Optional.of(element.isTextual() ? element.textValue() : "")
                                .filter(name -> KUBERNETES_NAME.matcher(name).matches())),
                names -> names.stream().map(ConfigType::quote).collect(joining(", ", "[", "]")));
    }

    private static <T> Optional<List<T>> parseList(JsonNode node, Function<JsonNode, Optional<T>> reader) {
        if (!node.isArray() || node.size() > MAX_HOSTS) {
            return Optional.empty();
        }
        List<T> values = new ArrayList<>();
        for (JsonNode element : node) {
            Optional<T> value = reader.apply(element);
            if (value.isEmpty()) {
                return Optional.empty();
            }
            values.add(value.get());
        }
        return Optional.of(List.copyOf(values));
    }

    static ConfigType<Path> absolutePath() {
        return text("an absolute path", SocketPaths::parseAbsolute, Path::toString);
    }

    /** A path, or the empty string for none. */
    static ConfigType<Optional<Path>> optionalPath() {
        return text(
                "an absolute path or \"\"",
                ConfigType::parseOptionalPath,
                path -> path.map(Path::toString).orElse(""));
    }

    /** Paths separated by colons, or the empty string for none. */
    static ConfigType<List<Path>> pathList() {
        return text(
                "absolute paths separated by colons, or \"\"",
                ConfigType::parsePathList,
                paths -> paths.stream().map(Path::toString).collect(joining(":")));
    }

    /** Paths in a list. */
    static ConfigType<List<Path>> paths() {
        return new ConfigType<>(
                "a list of absolute paths such as [\"/etc/sluice/key.pem\"]",
                ConfigType::parsePaths,
                paths -> paths.stream().map(path -> quote(path.toString())).collect(joining(", ", "[", "]")));
    }

    /** A table from digests to digests. */
    static ConfigType<Map<Digest, Digest>> digests() {
        return new ConfigType<>(
                "a table of digests such as { \"sha256:<64 hex digits>\" = \"sha256:<64 hex digits>\" }",
                ConfigType::parseDigests,
                digests -> digests.entrySet().stream()
                        .map(pair -> quote(pair.getKey().toString()) + " = "
                                + quote(pair.getValue().toString()))
                        .sorted()
                        .collect(joining(", ", "{", "}")));
    }

    static ConfigType<Path> socket() {
        return text(
                "an absolute path of at most " + SocketPaths.MAX_BYTES + " bytes", SocketPaths::parse, Path::toString);
    }

    static ConfigType<AdminAddress> adminAddress() {
        return text(
                "an absolute path of at most " + SocketPaths.MAX_BYTES
                        + " bytes, or a loopback address with a port such as \"127.0.0.1:9090\"",
                AdminAddress::parse,
                AdminAddress::toString);
    }

    /** A duration; both bounds are allowed. */
    static ConfigType<Duration> duration(Duration min, Duration max) {
        return text(
                "a duration such as \"10s\" or \"500ms\", from " + write(min) + " to " + write(max),
                text -> parseDuration(text).filter(value -> value.compareTo(min) >= 0 && value.compareTo(max) <= 0),
                ConfigType::write);
    }

    /** An amount of data; both bounds are allowed. */
    static ConfigType<DataSize> dataSize(DataSize min, DataSize max) {
        return text(
                "a size such as \"64MiB\" or \"128KiB\", from " + min + " to " + max,
                text -> DataSize.parse(text).filter(value -> value.compareTo(min) >= 0 && value.compareTo(max) <= 0),
                DataSize::toString);
    }

    /** Registry hosts. */
    static ConfigType<List<String>> hosts(boolean portRequired) {
        return new ConfigType<>(
                portRequired
                        ? "a list of hosts with their port such as [\"registry.local:5000\"]"
                        : "a list of hosts such as [\"registry.local:5000\", \"10.0.0.7\"]",
                node -> parseHosts(node, portRequired),
                hosts -> hosts.stream().map(ConfigType::quote).collect(joining(", ", "[", "]")));
    }

    /** The value as it stands in a message. Long values are cut. */
    static String describe(JsonNode node) {
        String text = node.toString();
        return text.length() <= 100 ? text : text.substring(0, 100) + "...";
    }

    private static <T> ConfigType<T> text(
            String expected, Function<String, Optional<T>> reader, Function<T, String> writer) {
        return new ConfigType<>(
                expected,
                node -> node.isTextual() ? reader.apply(node.textValue()) : Optional.empty(),
                writer.andThen(ConfigType::quote));
    }

    private static Optional<Optional<Path>> parseOptionalPath(String text) {
        Optional<Path> path = SocketPaths.parseAbsolute(text);
        return path.isPresent() || text.isEmpty() ? Optional.of(path) : Optional.empty();
    }

    private static Optional<List<Path>> parsePathList(String text) {
        List<Path> paths = new ArrayList<>();
        for (String part : text.isEmpty() ? new String[0] : text.split(":", -1)) {
            Optional<Path> path = SocketPaths.parseAbsolute(part);
            if (path.isEmpty()) {
                return Optional.empty();
            }
            paths.add(path.get());
        }
        return Optional.of(List.copyOf(paths));
    }

    private static Optional<List<Path>> parsePaths(JsonNode node) {
        if (!node.isArray()) {
            return Optional.empty();
        }
        List<Path> paths = new ArrayList<>();
        for (JsonNode element : node) {
            Optional<Path> path = SocketPaths.parseAbsolute(element.isTextual() ? element.textValue() : "");
            if (path.isEmpty()) {
                return Optional.empty();
            }
            paths.add(path.get());
        }
        return Optional.of(List.copyOf(paths));
    }

    private static Optional<Map<Digest, Digest>> parseDigests(JsonNode node) {
        if (!node.isObject()) {
            return Optional.empty();
        }
        Map<Digest, Digest> digests = new HashMap<>();
        try {
            for (Map.Entry<String, JsonNode> pair : node.properties()) {
                digests.put(
                        Digest.parse(pair.getKey()),
                        Digest.parse(pair.getValue().asText()));
            }
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        return Optional.of(Map.copyOf(digests));
    }

    private static Optional<List<String>> parseHosts(JsonNode node, boolean portRequired) {
        if (!node.isArray() || node.size() > MAX_HOSTS) {
            return Optional.empty();
        }
        List<String> hosts = new ArrayList<>();
        for (JsonNode element : node) {
            Matcher matcher = REGISTRY_HOST.matcher(element.isTextual() ? element.textValue() : "");
            if (!matcher.matches()) {
                return Optional.empty();
            }
            String port = matcher.group(1);
            if (port == null ? portRequired : Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65535) {
                return Optional.empty();
            }
            hosts.add(element.textValue().toLowerCase(Locale.ROOT));
        }
        return Optional.of(List.copyOf(hosts));
    }

    private static Optional<Duration> parseDuration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long count = Long.parseLong(matcher.group(1));
        return Optional.of(
                switch (matcher.group(2)) {
                    case "ms" -> Duration.ofMillis(count);
                    case "m" -> Duration.ofMinutes(count);
                    case "h" -> Duration.ofHours(count);
                    default -> Duration.ofSeconds(count);
                });
    }

    /** Whole minutes stay seconds: "90s" and "60s" read alike. */
    private static String write(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + "s" : duration.toMillis() + "ms";
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A JSON string is a TOML basic string. */
    private static String quote(String text) {
        return JsonNodeFactory.instance.textNode(text).toString();
    }
}

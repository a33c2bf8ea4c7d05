package dev.sluice.snapshot;

import dev.sluice.snapshot.Filter.Condition;
import dev.sluice.snapshot.Filter.Selector;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Parses one filter of containerd's filter language.
 *
 * <pre>
 *   filter    := "" | selector ("," selector)*
 *   selector  := fieldpath (("==" | "!=" | "~=") value)?
 *   fieldpath := field ("." field)*
 *   field     := quoted | [A-Za-z0-9_]+
 *   value     := quoted | a run of characters without comma, white space and control characters
 *   quoted    := a string in double quotes with the escapes of Go; after ~= slashes and vertical bars quote, too
 * </pre>
 *
 * White space may stand before a field, an operator and a value. Not safe for use by many threads.
 */
final class FilterParser {
    private static final Logger log = LoggerFactory.getLogger(FilterParser.class);

    private static final String QUOTES = "\"/|";
    private static final String OPERATORS = "=!~";
    private static final int REPLACEMENT = 0xFFFD;
    private static final Pattern NEVER = Pattern.compile("(?!)");

    private final String text;
    private int at;

    FilterParser(String text) {
        this.text = text;
    }

    /** @throws IllegalArgumentException if the filter is malformed */
    List<Selector> parse() {
        List<Selector> selectors = new ArrayList<>();
        if (text.isEmpty()) {
            return selectors;
        }
        selectors.add(selector());
        while (at < text.length()) {
            if (text.charAt(at) != ',') {
                throw malformed("expected a comma");
            }
            at++;
            selectors.add(selector());
        }
        return selectors;
    }

    private Selector selector() {
        List<String> path = new ArrayList<>();
        path.add(field());
        while (at < text.length() && text.charAt(at) == '.') {
            at++;
            path.add(field());
        }
        if (at == text.length() || text.charAt(at) == ',') {
            return new Selector(path, new Condition.Present());
        }
        String operator = operator();
        return new Selector(
                path,
                switch (operator) {
                    case "==" -> new Condition.Equal(value(false));
                    case "!=" -> new Condition.NotEqual(value(false));
                    case "~=" -> new Condition.Matches(pattern(value(true)));
                    default -> throw malformed("expected an operator, one of == != ~=");
                });
    }

    private String field() {
        skipWhiteSpace();
        if (at < text.length() && text.charAt(at) == '"') {
            return quoted();
        }
        int start = at;
        while (at < text.length() && isFieldCharacter(text.charAt(at))) {
            at++;
        }
        if (at == start) {
            throw malformed("expected a field");
        }
        return text.substring(start, at);
    }

    private String operator() {
        skipWhiteSpace();
        int start = at;
        while (at < text.length() && OPERATORS.indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        return text.substring(start, at);
    }

    private String value(boolean anyQuote) {
        skipWhiteSpace();
        if (at < text.length() && QUOTES.indexOf(text.charAt(at)) >= 0) {
            if (!anyQuote && text.charAt(at) != '"') {
                throw malformed("only double quotes may be used here");
            }
            return quoted();
        }
        int start = at;
        if (at < text.length() && text.charAt(at) != '.' && OPERATORS.indexOf(text.charAt(at)) < 0) {
            while (at < text.length() && isValueCharacter(text.charAt(at))) {
                at++;
            }
        }
        if (at == start) {
            throw malformed("expected a value");
        }
        return text.substring(start, at);
    }

    /** As in containerd, what is no regular expression matches nothing, and the log says so. */
    private static Pattern pattern(String regex) {
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            log.warn("A filter has a malformed regular expression, {}: {}", regex, e.getDescription());
            return NEVER;
        }
    }

    private String quoted() {
        char quote = text.charAt(at++);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (next() != quote) {
            if (text.charAt(at) == '\n') {
                throw malformed("a quoted string ends with the line");
            }
            if (text.charAt(at) == '\\') {
                at++;
                escape(quote, bytes);
            } else {
                int c = text.codePointAt(at);
                put(bytes, c);
                at += Character.charCount(c);
            }
        }
        at++;
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private void escape(char quote, ByteArrayOutputStream bytes) {
        char c = next();
        at++;
        switch (c) {
            case 'a' -> bytes.write(7);
            case 'b' -> bytes.write('\b');
            case 'f' -> bytes.write('\f');
            case 'n' -> bytes.write('\n');
            case 'r' -> bytes.write('\r');
            case 't' -> bytes.write('\t');
            case 'v' -> bytes.write(11);
            case '\\' -> bytes.write('\\');
            case 'x' -> bytes.write(digits(2, 16));
            case 'u' -> put(bytes, digits(4, 16));
            case 'U' -> put(bytes, digits(8, 16));
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                at--;
                int octal = digits(3, 8);
                if (octal > 0xFF) {
                    throw malformed("character is out of range");
                }
                bytes.write(octal);
            }
            default -> {
                if (c != quote) {
                    throw malformed("unknown escape sequence");
                }
                bytes.write(c);
            }
        }
    }

    /** @return 32 bits; negative if the first of them is set */
    private int digits(int count, int radix) {
        int value = 0;
        for (int i = 0; i < count; i++) {
            int digit = Character.digit(next(), radix);
            if (digit < 0) {
                throw malformed("expected " + count + " digits");
            }
            value = value * radix + digit;
            at++;
        }
        return value;
    }

    /** Like Go, takes U+FFFD for what is negative or half a surrogate pair, and refuses what is too large. */
    private void put(ByteArrayOutputStream bytes, int codePoint) {
        if (codePoint > Character.MAX_CODE_POINT) {
            throw malformed("character is out of range");
        }
        boolean isCharacter =
                codePoint >= 0 && (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE);
        bytes.writeBytes(
                Character.toString(isCharacter ? codePoint : REPLACEMENT).getBytes(StandardCharsets.UTF_8));
    }

    private char next() {
        if (at >= text.length()) {
            throw malformed("a quoted string is not ended");
        }
        return text.charAt(at);
    }

    private void skipWhiteSpace() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private static boolean isFieldCharacter(char c) {
        return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }

    private static boolean isValueCharacter(char c) {
        return c != ',' && !Character.isWhitespace(c) && !Character.isISOControl(c);
    }

    private IllegalArgumentException malformed(String what) {
        return new IllegalArgumentException("filter is malformed at character " + at + ": " + what + ": " + text);
    }
}

<?php
/**
 * A visitor's call as it came in.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Takes from the request what may be passed on, and refuses what may not.
 */
final class Incoming {

	/**
	 * The visitor, once found out.
	 *
	 * @var array{ip: string, id?: string}|null
	 */
	private static $visitor;

	/**
	 * Who is asking.
	 *
	 * @return array{ip: string, id?: string}
	 */
	public static function visitor() {
		if ( null === self::$visitor ) {
			self::$visitor = Visitor::current();
		}
		return self::$visitor;
	}

	/**
	 * The method, if the route knows it and the call comes from this site's own pages.
	 *
	 * @param string $route Such as `chat`.
	 * @return string
	 * @throws Problem When it does not.
	 */
	public static function method( $route ) {
		$method = self::server( 'REQUEST_METHOD' );
		$known  = Routes::methods( $route );
		if ( ! in_array( $method, $known, true ) ) {
			header( 'Allow: ' . implode( ', ', $known ) );
			throw new Problem( 405, 'invalid_request', 'This address takes ' . implode( ' and ', $known ) . ' requests.' );
		}
		if ( ! self::same_origin() ) {
			throw new Problem( 403, 'origin_not_allowed', 'This address answers the pages of its own site only.' );
		}
		return $method;
	}

	/**
	 * The body to send: the visitor's own JSON, with this site's key and the visitor's address put in by us.
	 *
	 * @param string $method   As method() returned it.
	 * @param string $site_key This site's key.
	 * @return string
	 * @throws Problem When the visitor sent no JSON object, or too much.
	 */
	public static function body( $method, $site_key ) {
		$fields = 'POST' === $method ? self::json() : new \stdClass();
		// A page that was cached before the key changed may still name the old one; and nobody else says who the visitor is.
		$fields->site    = $site_key;
		$fields->visitor = self::visitor();
		$body            = wp_json_encode( $fields, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE, 64 );
		if ( false === $body || strlen( $body ) > Forwarder::MOST_BYTES ) {
			throw self::too_long();
		}
		return $body;
	}

	/**
	 * The headers of the visitor's request that the service has a use for.
	 *
	 * @return string[] Header lines.
	 */
	public static function headers() {
		$lines = array( 'Content-Type: application/json', 'User-Agent: Pennypress-Plugin/' . VERSION );
		foreach ( array( 'Accept', 'Last-Event-ID', 'X-Pennypress-Visitor' ) as $name ) {
			$value = self::server( 'HTTP_' . strtoupper( str_replace( '-', '_', $name ) ) );
			if ( preg_match( '/^[\x20-\x7e]{1,2000}$/D', $value ) ) {
				$lines[] = $name . ': ' . $value;
			}
		}
		return $lines;
	}

	/**
	 * The visitor's JSON object.
	 *
	 * @return \stdClass
	 * @throws Problem When it is none.
	 */
	private static function json() {
		if ( 'application/json' !== strtolower( trim( (string) strtok( self::server( 'CONTENT_TYPE' ), ';' ) ) ) ) {
			throw new Problem( 415, 'invalid_request', 'The body has to be application/json.' );
		}
		$raw = (int) self::server( 'CONTENT_LENGTH' ) > Forwarder::MOST_BYTES
			? false
			: file_get_contents( 'php://input', false, null, 0, Forwarder::MOST_BYTES + 1 );
		if ( false === $raw || strlen( $raw ) > Forwarder::MOST_BYTES ) {
			throw self::too_long();
		}
		$fields = json_decode( $raw, false, 32, JSON_BIGINT_AS_STRING );
		if ( ! $fields instanceof \stdClass ) {
			throw new Problem( 400, 'invalid_request', 'The body has to be a JSON object.' );
		}
		return $fields;
	}

	/**
	 * Whether the browser says that one of this site's own pages is asking. Without an Origin header it was no page of
	 * another site: browsers send it with every request that could do harm from there.
	 *
	 * @return bool
	 */
	private static function same_origin() {
		$origin = self::server( 'HTTP_ORIGIN' );
		if ( '' === $origin ) {
			return true;
		}
		$host = self::host( $origin );
		return '' !== $host && in_array(
			$host,
			array( self::host( home_url() ), self::host( site_url() ), self::host( 'http://' . self::server( 'HTTP_HOST' ) ) ),
			true
		);
	}

	/**
	 * Host and, where it is not the usual one, port of an address.
	 *
	 * @param string $url An address.
	 * @return string Empty if it has none.
	 */
	private static function host( $url ) {
		$parts = wp_parse_url( $url );
		if ( ! is_array( $parts ) || empty( $parts['host'] ) ) {
			return '';
		}
		$port = isset( $parts['port'] ) && ! in_array( $parts['port'], array( 80, 443 ), true ) ? ':' . $parts['port'] : '';
		return strtolower( $parts['host'] ) . $port;
	}

	/**
	 * Something that the web server says of the request. WordPress adds slashes to these; they are taken off again.
	 *
	 * @param string $name Such as `REQUEST_METHOD`.
	 * @return string Empty if it says nothing.
	 */
	private static function server( $name ) {
		return isset( $_SERVER[ $name ] ) && is_string( $_SERVER[ $name ] ) ? wp_unslash( $_SERVER[ $name ] ) : ''; // phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- each use checks.
	}

	/**
	 * The body was longer than the service takes.
	 *
	 * @return Problem
	 */
	private static function too_long() {
		return new Problem( 413, 'too_long', 'The request is longer than 64 KiB.' );
	}
}

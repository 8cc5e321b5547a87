<?php
/**
 * A request of the site to itself, to work in.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * What is rendered in a request of the admin can differ from what visitors see: plugins register other things there, and someone is
 * signed in. So the work is done in a request of its own, which is a visitor's as far as WordPress can tell, and which answers at
 * once and goes on working. A host that forbids such requests costs a second; then the work is done where one is.
 */
final class Loopback {

	const FIELD = 'pennypress_work';

	/** Seconds until the request must have been answered. */
	const PATIENCE = 1;

	/** Seconds that a request's proof is good for. */
	const VALID = 120;

	/**
	 * Starts such a request.
	 *
	 * @param bool $wait Whether to wait for its word; if not, nothing can be said of it.
	 * @return bool Whether it has begun to work.
	 */
	public static function ask( $wait ) {
		$time     = (string) time();
		$response = wp_remote_post(
			home_url( '/' ),
			array(
				'body'        => array( self::FIELD => $time . '.' . self::proof( $time ) ),
				'timeout'     => $wait ? self::PATIENCE : 0.01,
				'blocking'    => $wait,
				'redirection' => 0,
				'cookies'     => array(),
				'sslverify'   => apply_filters( 'https_local_ssl_verify', false ), // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WordPress's own; the certificate may be made out to another name.
			)
		);
		return $wait && ! is_wp_error( $response ) && self::FIELD === trim( wp_remote_retrieve_body( $response ) );
	}

	/**
	 * Works, if this is such a request.
	 */
	public static function maybe_answer() {
		if ( ! isset( $_POST[ self::FIELD ] ) || ! is_string( $_POST[ self::FIELD ] ) ) { // phpcs:ignore WordPress.Security.NonceVerification -- the proof is checked below; nobody is signed in who could have a nonce.
			return;
		}
		list( $time, $proof ) = array_pad( explode( '.', sanitize_text_field( wp_unslash( $_POST[ self::FIELD ] ) ), 2 ), 2, '' ); // phpcs:ignore WordPress.Security.NonceVerification
		if ( ! ctype_digit( $time ) || abs( time() - (int) $time ) > self::VALID || ! hash_equals( self::proof( $time ), $proof ) ) {
			status_header( 403 );
			exit;
		}
		ignore_user_abort( true );
		nocache_headers();
		header( 'Content-Type: text/plain' );
		header( 'Content-Length: ' . strlen( self::FIELD ) );
		header( 'Connection: close' );
		while ( ob_get_level() > 0 && ob_end_clean() ) {
			continue;
		}
		echo self::FIELD; // phpcs:ignore WordPress.Security.EscapeOutput -- a constant, as text/plain.
		flush();
		self::end_response();
		Worker::work( Worker::SHIFT );
		exit;
	}

	/**
	 * Sends the response off, where PHP can go on after that.
	 *
	 * @return bool Whether nobody waits any more.
	 */
	public static function end_response() {
		if ( PHP_SESSION_ACTIVE === session_status() ) {
			session_write_close();
		}
		foreach ( array( 'fastcgi_finish_request', 'litespeed_finish_request' ) as $function ) {
			if ( function_exists( $function ) ) {
				return (bool) $function();
			}
		}
		return false;
	}

	/**
	 * What only this site can know.
	 *
	 * @param string $time Unix time.
	 * @return string
	 */
	private static function proof( $time ) {
		return hash_hmac( 'sha256', self::FIELD . $time . get_current_blog_id(), wp_salt( 'nonce' ) );
	}
}

<?php
/**
 * Who is asking.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * What the service is told of a visitor: the address that limits go by, and the user's id if one is signed in.
 */
final class Visitor {

	/**
	 * The visitor of this request.
	 *
	 * @return array{ip: string, id?: string}
	 */
	public static function current() {
		$visitor = array( 'ip' => self::ip() );
		$id      = self::user_id();
		if ( $id ) {
			$visitor['id'] = (string) $id;
		}
		return $visitor;
	}

	/**
	 * The visitor's address. Behind a reverse proxy that is what the proxy says, but only if its own address is listed:
	 * anyone can send an X-Forwarded-For header.
	 *
	 * @return string
	 */
	private static function ip() {
		$ip = isset( $_SERVER['REMOTE_ADDR'] ) ? (string) $_SERVER['REMOTE_ADDR'] : ''; // phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- checked below.
		$ip = false === filter_var( $ip, FILTER_VALIDATE_IP ) ? '0.0.0.0' : $ip;

		$trusted = defined( 'PENNYPRESS_TRUSTED_PROXIES' ) ? PENNYPRESS_TRUSTED_PROXIES : array();
		/**
		 * The reverse proxies in front of this site, as addresses or CIDR blocks.
		 *
		 * @param string[]|string $trusted A list, or one string with commas.
		 */
		$trusted = apply_filters( 'pennypress_trusted_proxies', $trusted );
		$trusted = is_array( $trusted ) ? $trusted : array_map( 'trim', explode( ',', (string) $trusted ) );
		if ( ! $trusted || empty( $_SERVER['HTTP_X_FORWARDED_FOR'] ) ) {
			return $ip;
		}
		// Each proxy adds the address that it was called from at the end: the last one that is not ours is the visitor.
		$chain = array_map( 'trim', explode( ',', (string) $_SERVER['HTTP_X_FORWARDED_FOR'] ) ); // phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- each is checked.
		while ( $chain && self::in_any( $ip, $trusted ) ) {
			// Azure and IIS name the port too: 192.0.2.1:5678, [2001:db8::1]:5678.
			$next = preg_replace( '/^(?:\[(.+)\](?::\d+)?|([0-9.]+):\d+)$/D', '$1$2', array_pop( $chain ) );
			if ( false === filter_var( $next, FILTER_VALIDATE_IP ) ) {
				break;
			}
			$ip = $next;
		}
		return $ip;
	}

	/**
	 * Whether an address lies in one of some blocks.
	 *
	 * @param string   $ip     An address.
	 * @param string[] $blocks Addresses or CIDR blocks.
	 * @return bool
	 */
	private static function in_any( $ip, array $blocks ) {
		$bytes = inet_pton( $ip );
		foreach ( $blocks as $block ) {
			$parts = explode( '/', (string) $block, 2 );
			$net   = filter_var( $parts[0], FILTER_VALIDATE_IP ) ? inet_pton( $parts[0] ) : false;
			if ( false === $net || strlen( $net ) !== strlen( $bytes ) ) {
				continue;
			}
			$bits = isset( $parts[1] ) && ctype_digit( $parts[1] ) ? min( (int) $parts[1], 8 * strlen( $net ) ) : 8 * strlen( $net );
			$mask = str_repeat( "\xff", intdiv( $bits, 8 ) ) . ( $bits % 8 ? chr( 0xff << ( 8 - $bits % 8 ) & 0xff ) : '' );
			$mask = str_pad( $mask, strlen( $net ), "\0" );
			if ( ( $bytes & $mask ) === ( $net & $mask ) ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * The id of the user who is signed in, or 0. Nothing is looked up unless the browser sent the cookie that says so.
	 *
	 * @return int
	 */
	private static function user_id() {
		if ( ! defined( 'LOGGED_IN_COOKIE' ) || empty( $_COOKIE[ LOGGED_IN_COOKIE ] ) || ! function_exists( 'wp_validate_auth_cookie' ) ) {
			return 0;
		}
		return (int) wp_validate_auth_cookie( '', 'logged_in' );
	}
}
